/**
 * What deliverers keep in a data directory: the text of a name is the file `deliveries/NAME.json`, and whoever leads under
 * that name holds a lock (flock) on `deliveries/NAME.lock`. The kernel releases it when the process dies, however it dies;
 * a stopped process keeps it. A lock file is removed only while its lock is held.
 */

import type { Deliveries, Lead } from "../../app/ports.ts";
import { type Disk, type DiskFile, isAt } from "./disk.ts";
import { encoded, writeDurably } from "./durable_file.ts";
import { UNFINISHED } from "./state_file.ts";
import { withFailures } from "./system_errors.ts";

/** The folder of these files in a data directory. */
export const DELIVERIES = "deliveries";

const TEXT_FILE = /^([\w-]{1,100})\.json$/;

/** Whether a file of that folder is a text, and not a lock or unfinished. */
export function isDeliveryText(fileName: string): boolean {
  return TEXT_FILE.test(fileName);
}

const LOCK_FILE = /^([\w-]{1,100})\.lock$/;

/** The lock files in a data directory, with the names that they are for. */
export function leadsIn(disk: Disk, directory: string): readonly { readonly name: string; readonly path: string }[] {
  return disk.list(`${directory}/${DELIVERIES}`).flatMap((file) => {
    const name = LOCK_FILE.exec(file)?.[1];
    return name === undefined ? [] : [{ name, path: `${directory}/${DELIVERIES}/${file}` }];
  });
}

/** How old an unfinished file is that nobody writes any more, in milliseconds. */
const UNFINISHED_MS = 60 * 60 * 1_000;

export interface DeliveryFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
}

export class DeliveryFiles implements Deliveries {
  readonly #directory: string;
  readonly #disk: Disk;

  constructor({ directory, disk }: DeliveryFilesOptions) {
    this.#directory = `${directory}/${DELIVERIES}`;
    this.#disk = disk;
  }

  lead(name: string): Promise<Lead | undefined> {
    return withFailures(this.#directory, () => {
      const path = `${this.#directory}/${checked(name)}.lock`;
      this.#disk.makeDirectory(this.#directory);
      const file = this.#disk.open(path, "append");
      let isLeading = false;
      try {
        // Whoever led before may have removed the file since it was opened.
        isLeading = file.tryLock() && isAt(this.#disk, path, file);
      } finally {
        if (!isLeading) file.close();
      }
      if (!isLeading) return undefined;
      return {
        // The kernel gives the lock to nobody else.
        lost: new AbortController().signal,
        [Symbol.asyncDispose]: () => withFailures(this.#directory, () => this.#end(path, file)),
      };
    });
  }

  load(name: string): Promise<string | undefined> {
    return withFailures(this.#directory, () => {
      const bytes = this.#disk.readFile(this.#pathOf(name));
      return bytes && new TextDecoder().decode(bytes);
    });
  }

  save(name: string, text: string): Promise<void> {
    return withFailures(this.#directory, async () => {
      const path = this.#pathOf(name);
      this.#disk.makeDirectory(this.#directory);
      try {
        await writeDurably(this.#disk, path + UNFINISHED, encoded([text]));
        this.#disk.rename(path + UNFINISHED, path);
      } catch (error) {
        // Names like those of secrets do not come again: nobody else would remove it.
        this.#disk.remove(path + UNFINISHED);
        throw error;
      }
      this.#disk.syncDirectory(this.#directory);
      this.#removeUnfinished(path);
    });
  }

  /** Removes what processes left that were killed while they wrote, by the clock of the file system. */
  #removeUnfinished(saved: string): void {
    const now = this.#disk.identity(saved)?.modifiedMs ?? 0;
    for (const file of this.#disk.list(this.#directory)) {
      const path = `${this.#directory}/${file}`;
      const isUnfinished = file.endsWith(UNFINISHED) && isDeliveryText(file.slice(0, -UNFINISHED.length));
      if (isUnfinished && now - (this.#disk.identity(path)?.modifiedMs ?? now) > UNFINISHED_MS) this.#disk.remove(path);
    }
  }

  remove(name: string): Promise<void> {
    return withFailures(this.#directory, () => {
      const path = this.#pathOf(name);
      this.#disk.remove(path + UNFINISHED);
      this.#disk.remove(path);
    });
  }

  names(): Promise<readonly string[]> {
    return withFailures(this.#directory, () => {
      return this.#disk.list(this.#directory).flatMap((file) => TEXT_FILE.exec(file)?.[1] ?? []);
    });
  }

  #end(path: string, file: DiskFile): void {
    try {
      if (isAt(this.#disk, path, file)) this.#disk.remove(path);
    } finally {
      file.close();
    }
  }

  #pathOf(name: string): string {
    return `${this.#directory}/${checked(name)}.json`;
  }
}

/** Throws for a name that is not that of a file: it comes from this program alone. */
function checked(name: string): string {
  if (!TEXT_FILE.test(`${name}.json`)) throw new Error(`${name} is no name of a delivery`);
  return name;
}
