/**
 * The one disk that the processes of a simulation share. It knows which process opened what, so that it can close the
 * files of one that dies, as a kernel does.
 */

import type { DiskFile } from "../../../src/store/file/disk.ts";
import { MemoryDisk, type Survivors } from "../../support/memory_disk.ts";
import type { Parcel } from "./channel.ts";
import type { Failure, Operation } from "./messages.ts";

/** What is not for the receiver of webhooks. */
type DiskOperation = Exclude<Operation, { readonly name: "post" | "hangUp" }>;

interface OpenFile {
  readonly owner: number;
  readonly path: string;
  readonly file: DiskFile;
  /** How many failed syncs of the file its owner knows of. */
  failuresSeen: number;
}

const NO_BYTES = new Uint8Array();

/** The others read, lock or close; a `sync` has its effect when it arrives. */
const CHANGING: ReadonlySet<Operation["name"]> = new Set([
  "open",
  "makeDirectory",
  "rename",
  "remove",
  "write",
  "truncate",
  "syncData",
  "syncDirectory",
]);

export class SimulatedDisk {
  #disk = new MemoryDisk();
  readonly #files = new Map<number, OpenFile>();
  /** How many syncs of each inode have failed. Whoever has the file open is told once, as by Linux. */
  readonly #failures = new Map<number, number>();
  readonly #onLocked: (owner: number, file: number) => void;
  #count = 0;

  /** @param onLocked told when a lock that was waited for is there */
  constructor(onLocked: (owner: number, file: number) => void) {
    this.#onLocked = onLocked;
  }

  /** The disk as it is now. */
  get content(): MemoryDisk {
    return this.#disk;
  }

  /** The file that an operation is about. */
  pathOf(operation: Operation): string {
    return "path" in operation ? operation.path : this.#files.get(operation.file)?.path ?? "a closed file";
  }

  /**
   * Carries out an operation of a process. A `sync` or `lock` is only begun.
   *
   * @throws Deno.errors.NotFound and the like
   */
  perform(owner: number, operation: DiskOperation, bytes: Uint8Array): Parcel<unknown> {
    const told = (message?: unknown, data: Uint8Array = NO_BYTES) => ({ message, bytes: data });
    switch (operation.name) {
      case "open": {
        const file = this.#disk.open(operation.path, operation.mode);
        const failuresSeen = this.#failures.get(file.identity().inode) ?? 0;
        this.#files.set(++this.#count, { owner, path: operation.path, file, failuresSeen });
        return told(this.#count);
      }
      case "identity":
        return told(this.#disk.identity(operation.path));
      case "readFile": {
        const content = this.#disk.readFile(operation.path);
        return told(content !== undefined, content);
      }
      case "list":
        return told(this.#disk.list(operation.path));
      case "makeDirectory":
        return told(this.#disk.makeDirectory(operation.path));
      case "syncDirectory":
        return told(this.#disk.syncDirectory(operation.path));
      case "remove":
        return told(this.#disk.remove(operation.path));
      case "rename":
        return told(this.#disk.rename(operation.path, operation.to));
      case "readAt": {
        const buffer = new Uint8Array(operation.sizeBytes);
        return told(undefined, buffer.subarray(0, this.#file(operation.file).readAt(buffer, operation.offset)));
      }
      case "truncate":
        return told(this.#file(operation.file).truncate(operation.sizeBytes));
      case "identityOf":
        return told(this.#file(operation.file).identity());
      case "write":
        return told(this.#file(operation.file).write(bytes));
      case "syncData":
        return told(this.sync(operation.file));
      case "sync":
        return told();
      case "tryLock":
        return told(this.#file(operation.file).tryLock());
      case "lock":
        this.#file(operation.file).lock().then(() => this.#onLocked(owner, operation.file));
        return told();
      case "unlock":
        return told(this.#file(operation.file).unlock());
      case "close":
        this.#file(operation.file).close();
        return told(void this.#files.delete(operation.file));
    }
  }

  /** Whether an operation can change what is on the disk, or what of it is durable. */
  isChangedBy(operation: Operation): boolean {
    if (!CHANGING.has(operation.name)) return false;
    return operation.name !== "open" || operation.mode === "replace" ||
      (operation.mode !== "read" && this.#disk.identity(operation.path) === undefined);
  }

  /** Makes the content of a file durable. */
  sync(number: number): void {
    const file = this.#file(number);
    const opened = this.#files.get(number);
    const failures = this.#failures.get(file.identity().inode) ?? 0;
    if (opened !== undefined && opened.failuresSeen < failures) {
      opened.failuresSeen = failures;
      throw Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
    }
    file.syncData();
  }

  /** Makes known that a sync of a file failed for one of those who have it open. What it was about may be lost. */
  failSync(number: number, { isLost }: { readonly isLost: boolean }): void {
    const opened = this.#files.get(number);
    if (opened === undefined) return;
    if (isLost) this.#disk.forgetUnsynced(opened.path);
    const { inode } = opened.file.identity();
    opened.failuresSeen = (this.#failures.get(inode) ?? 0) + 1;
    this.#failures.set(inode, opened.failuresSeen);
  }

  /** Whether a process has a file open under this number. */
  has(owner: number, file: number): boolean {
    return this.#files.get(file)?.owner === owner;
  }

  /** Closes all files of a process. */
  closeAll(owner: number): void {
    for (const [number, opened] of this.#files) {
      if (opened.owner !== owner) continue;
      opened.file.close();
      this.#files.delete(number);
    }
  }

  /** No process may be alive. */
  losePower(survivors: Survivors): void {
    this.#files.clear();
    this.#failures.clear();
    this.#disk = this.#disk.afterPowerLoss(survivors);
  }

  #file(number: number): DiskFile {
    const opened = this.#files.get(number);
    if (opened === undefined) throw new Deno.errors.BadResource("The file is closed");
    return opened.file;
  }
}

/** What a process is told of an error. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Deno.errors.NotFound) return { code: "ENOENT", message: error.message };
  const { code = "EBADF", message } = error as Error & { readonly code?: string };
  return { code, message };
}
