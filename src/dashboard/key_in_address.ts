/** The one-time key that `serve` and `main.ts open` put into the address after `#`. */
export function keyIn(hash: string): string | undefined {
  return /^#key=([\w-]+)$/.exec(hash)?.[1];
}
