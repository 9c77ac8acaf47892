/** The class of machine on which figures were taken: never a certain one. */

import { versionOf } from "./install.ts";

export interface Machine {
  readonly cores: number;
  /** `linux x86_64`. */
  readonly system: string;
  /** `Deno 2.9.6`. */
  readonly runtimes: readonly string[];
  /** Processes that wanted to run in the minute before. */
  readonly load: number;
}

/** Above this share of the cores, other programs disturb the figures. */
const BUSY_SHARE = 0.25;

/** In words, and whether it had other things to do. */
export function machineOf({ cores, system, runtimes, load }: Machine): string {
  const busy = load > cores * BUSY_SHARE
    ? ` The machine was busy with other programs (load ${load.toFixed(1)} before the run), so the figures are noisy: ` +
      "compare within a row, and mind only large differences."
    : "";
  return `${cores} cores, ${system}, ${runtimes.join(", ")}.${busy}`;
}

export async function describeMachine(): Promise<Machine> {
  return {
    cores: navigator.hardwareConcurrency,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    runtimes: [`Deno ${Deno.version.deno}`, await versionOf("Node", "node"), await versionOf("npm", "npm")],
    load: Deno.loadavg()[0] ?? 0,
  };
}
