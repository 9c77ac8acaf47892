/** The disk as a simulated process sees it: each operation is a question to the scheduler, which may never answer. */

import { type Disk, type DiskFile, type FileIdentity, NotOpened, type OpenMode } from "../../../src/store/file/disk.ts";
import type { Parcel } from "./channel.ts";
import type { Failure, Operation } from "./messages.ts";

/** Asks the scheduler, and blocks until it answers. Throws what goes wrong. */
export type Ask = (operation: Operation, bytes?: Uint8Array) => Parcel<unknown>;

export class RemoteDisk implements Disk {
  readonly #ask: Ask;
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  open(path: string, mode: OpenMode): DiskFile {
    // The answers are of the types that the disk port gives them.
    const file = this.#ask({ name: "open", path, mode }).message as number;
    return new RemoteFile(file, this.#ask, (what) => this.#wait(file, what));
  }

  identity(path: string): FileIdentity | undefined {
    return this.#ask({ name: "identity", path }).message as FileIdentity | undefined;
  }

  readFile(path: string): Uint8Array | undefined {
    const { message, bytes } = this.#ask({ name: "readFile", path });
    return message === true ? bytes : undefined;
  }

  list(directory: string): string[] {
    return this.#ask({ name: "list", path: directory }).message as string[];
  }

  makeDirectory(path: string): void {
    this.#ask({ name: "makeDirectory", path });
  }

  rename(from: string, to: string): void {
    this.#ask({ name: "rename", path: from, to });
  }

  remove(path: string): void {
    this.#ask({ name: "remove", path });
  }

  syncDirectory(path: string): void {
    try {
      this.#ask({ name: "syncDirectory", path });
    } catch (error) {
      if ((error as { readonly code?: string }).code === "EMFILE") throw new NotOpened(path, error);
      throw error;
    }
  }

  watch(): AsyncIterable<void> {
    throw new Error("A simulated process is not told of changes");
  }

  /** Lets what waits for a file go on. */
  arrive(file: number, what: "lock" | "sync", error: Failure | undefined): void {
    const waiting = this.#waiting.get(`${what} ${file}`);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(errorOf(error));
  }

  #wait(file: number, what: "lock" | "sync"): Promise<void> {
    const arrival = Promise.withResolvers<void>();
    this.#waiting.set(`${what} ${file}`, arrival);
    return arrival.promise;
  }
}

class RemoteFile implements DiskFile {
  readonly #file: number;
  readonly #ask: Ask;
  readonly #wait: (what: "lock" | "sync") => Promise<void>;

  constructor(file: number, ask: Ask, wait: (what: "lock" | "sync") => Promise<void>) {
    this.#file = file;
    this.#ask = ask;
    this.#wait = wait;
  }

  identity(): FileIdentity {
    return this.#ask({ name: "identityOf", file: this.#file }).message as FileIdentity;
  }

  readAt(buffer: Uint8Array, offset: number): number {
    const { bytes } = this.#ask({ name: "readAt", file: this.#file, offset, sizeBytes: buffer.length });
    buffer.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array): number {
    return this.#ask({ name: "write", file: this.#file }, bytes).message as number;
  }

  truncate(sizeBytes: number): void {
    this.#ask({ name: "truncate", file: this.#file, sizeBytes });
  }

  syncData(): void {
    this.#ask({ name: "syncData", file: this.#file });
  }

  async sync(): Promise<void> {
    this.#ask({ name: "sync", file: this.#file });
    await this.#wait("sync");
  }

  tryLock(delayMs = 0): boolean {
    return this.#ask({ name: "tryLock", file: this.#file, delayMs }).message as boolean;
  }

  async lock(): Promise<void> {
    this.#ask({ name: "lock", file: this.#file });
    await this.#wait("lock");
  }

  unlock(): void {
    this.#ask({ name: "unlock", file: this.#file });
  }

  close(): void {
    this.#ask({ name: "close", file: this.#file });
  }
}

/** The error as the runtime throws it. */
export function errorOf({ code, message }: Failure): Error {
  if (code === "ENOENT") return new Deno.errors.NotFound(message);
  return Object.assign(new Error(message), { code });
}
