/** How `doctor` puts processes, sizes and times into words. */

import type { ProcessFact } from "./doctor_facts.ts";

/** A process in words: as much as is known. */
export function describeProcess({ id, pid, about }: ProcessFact): string {
  const number = pid === undefined ? `The process of session ${id}` : `Process ${pid}`;
  if (about === undefined) return number;
  const { version, transport, client } = about;
  return `${number} (${[`version ${version}`, transport, ...(client === undefined ? [] : [client])].join(", ")})`;
}

/** How often something happened. */
export function describeTimes(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** A size in the unit that fits. */
export function describeBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];
