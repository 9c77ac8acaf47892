/** The one-time key that the commands `serve` and `open` put into the address after `#`. */
export function keyIn(hash: string): string | undefined {
  return /^#key=([\w-]+)$/.exec(hash)?.[1];
}
