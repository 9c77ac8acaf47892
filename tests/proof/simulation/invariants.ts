/** What must hold of the data directory at every moment, whoever is alive. Watches the operations as they happen. */

import { type Disk, readChunks } from "../../../src/store/file/disk.ts";
import { LINE_FEED, segmentName, segmentNumbers } from "../../../src/store/file/segments.ts";
import type { Operation } from "./messages.ts";

export class Invariants {
  readonly #directory: string;
  readonly #complain: (complaint: string) => void;
  /** Processes that wrote to the journal and have not let go of the lock since. */
  readonly #writing = new Set<number>();
  /** Of those, the ones that could not cut off what they had begun. */
  readonly #excused = new Set<number>();

  constructor(directory: string, complain: (complaint: string) => void) {
    this.#directory = directory;
    this.#complain = complain;
  }

  before(process: number, operation: Operation, path: string, disk: Disk): void {
    if (operation.name === "rename" && operation.to === `${this.#directory}/state.json`) {
      const [older, newer] = [seqOf(disk, operation.to), seqOf(disk, operation.path)];
      if (older !== undefined && !(newer !== undefined && newer >= older)) {
        this.#complain(`the checkpoint of record ${older} was replaced by that of record ${newer}`);
      }
    }
    if (operation.name === "write" && path.startsWith(`${this.#directory}/journal/`)) this.#writing.add(process);
    if (operation.name === "unlock" && path === `${this.#directory}/lock`) this.#letGo(process, disk);
  }

  failed(process: number, operation: Operation): void {
    if (operation.name === "truncate") this.#excused.add(process);
  }

  died(process: number): void {
    this.#writing.delete(process);
    this.#excused.delete(process);
  }

  #letGo(process: number, disk: Disk): void {
    if (this.#writing.has(process) && !this.#excused.has(process) && endsTorn(disk, `${this.#directory}/journal`)) {
      this.#complain("the write lock was let go of with an unfinished record in the journal");
    }
    this.died(process);
  }
}

/** The record that a checkpoint stands for, if it can be read. */
function seqOf(disk: Disk, path: string): number | undefined {
  const bytes = disk.readFile(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)).position.seq;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function endsTorn(disk: Disk, directory: string): boolean {
  for (const number of segmentNumbers(disk, directory).reverse()) {
    let last: number | undefined;
    for (const chunk of readChunks(disk, `${directory}/${segmentName(number)}`)) last = chunk.at(-1);
    if (last !== undefined) return last !== LINE_FEED;
  }
  return false;
}
