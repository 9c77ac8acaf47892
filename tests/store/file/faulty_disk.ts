/** A disk on top of another that fails where a test says: refuses, takes only a part, or is dead from then on. */

import type { Disk, DiskFile, FileIdentity, OpenMode } from "../../../src/store/file/disk.ts";

/** Something that changes the disk or makes a change durable. */
export interface Operation {
  /** Its place among all such operations, from 1. */
  readonly number: number;
  readonly name: "create" | "write" | "truncate" | "sync" | "rename" | "remove" | "syncDirectory" | "makeDirectory";
  readonly path: string;
  /** Of a write. */
  readonly sizeBytes?: number;
}

/** What goes wrong: a write takes only the first bytes, then the error is thrown if there is one. */
export interface Fault {
  readonly taken?: number;
  readonly error?: Error;
}

/** Says what goes wrong with an operation, if anything. */
export type Plan = (operation: Operation) => Fault | undefined;

/** More than anything does that a test lets die at each of its operations. */
export const MAX_OPERATIONS = 200;

export const noSpace = new Error("No space left on device (os error 28)");

/** Everything fails from the nth operation on, as for a process that was killed just before it. */
export function dieAt(number: number): Plan {
  return (operation) => operation.number >= number ? { error: new Error("the process is dead") } : undefined;
}

export class FaultyDisk implements Disk {
  plan: Plan = () => undefined;
  /** All that was asked for since the disk was made or the list was emptied. */
  readonly operations: Operation[] = [];
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  open(path: string, mode: OpenMode): DiskFile {
    const creates = mode === "replace" || (mode === "append" && this.#disk.identity(path) === undefined);
    if (creates) this.#check("create", path);
    return new FaultyFile(this.#disk.open(path, mode), (name, sizeBytes) => this.#check(name, path, sizeBytes));
  }

  identity(path: string): FileIdentity | undefined {
    return this.#disk.identity(path);
  }

  readFile(path: string): Uint8Array | undefined {
    return this.#disk.readFile(path);
  }

  list(directory: string): string[] {
    return this.#disk.list(directory);
  }

  makeDirectory(path: string): void {
    this.#check("makeDirectory", path);
    this.#disk.makeDirectory(path);
  }

  rename(from: string, to: string): void {
    this.#check("rename", to);
    this.#disk.rename(from, to);
  }

  remove(path: string): void {
    this.#check("remove", path);
    this.#disk.remove(path);
  }

  syncDirectory(path: string): void {
    this.#check("syncDirectory", path);
    this.#disk.syncDirectory(path);
  }

  watch(directory: string, signal: AbortSignal): AsyncIterable<void> {
    return this.#disk.watch(directory, signal);
  }

  /** Throws what the plan says; returns how many bytes a write may take, if fewer than all. */
  #check(name: Operation["name"], path: string, sizeBytes?: number): Fault | undefined {
    const operation = {
      number: this.operations.length + 1,
      name,
      path,
      ...(sizeBytes !== undefined && { sizeBytes }),
    };
    this.operations.push(operation);
    const fault = this.plan(operation);
    if (fault?.error !== undefined && fault.taken === undefined) throw fault.error;
    return fault;
  }
}

class FaultyFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #check: (name: Operation["name"], sizeBytes?: number) => Fault | undefined;

  constructor(file: DiskFile, check: (name: Operation["name"], sizeBytes?: number) => Fault | undefined) {
    this.#file = file;
    this.#check = check;
  }

  identity(): FileIdentity {
    return this.#file.identity();
  }

  readAt(buffer: Uint8Array, offset: number): number {
    return this.#file.readAt(buffer, offset);
  }

  write(bytes: Uint8Array): number {
    const fault = this.#check("write", bytes.length);
    const taken = this.#file.write(bytes.subarray(0, fault?.taken ?? bytes.length));
    if (fault?.error !== undefined) throw fault.error;
    return taken;
  }

  truncate(sizeBytes: number): void {
    this.#check("truncate");
    this.#file.truncate(sizeBytes);
  }

  syncData(): void {
    this.#check("sync");
    this.#file.syncData();
  }

  async sync(): Promise<void> {
    this.#check("sync");
    await this.#file.sync();
  }

  tryLock(): boolean {
    return this.#file.tryLock();
  }

  lock(): Promise<void> {
    return this.#file.lock();
  }

  unlock(): void {
    this.#file.unlock();
  }

  close(): void {
    this.#file.close();
  }
}
