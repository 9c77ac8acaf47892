/**
 * A disk in memory that behaves as the real one does, and can lose power: then only what was synced is left.
 * Lets tests try every byte and every moment in little time. Tests of the disk run against both.
 */

import type { Disk, DiskFile, FileIdentity, OpenMode } from "../../src/store/disk.ts";

/** The content of a file, whatever names it has. */
interface Inode {
  readonly number: number;
  content: Uint8Array;
  /** What a loss of power leaves. */
  durable: Uint8Array;
  modifiedMs: number;
  holder: MemoryFile | undefined;
  readonly waiting: { readonly file: MemoryFile; readonly grant: () => void }[];
}

export class MemoryDisk implements Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  /** Renames that no sync has made durable; each is durable as a whole or not at all. */
  #pendingRenames: { readonly from: string; readonly to: string }[] = [];
  readonly #directories = new Set<string>(["/"]);
  readonly #watchers = new Set<{ readonly directory: string; readonly wake: () => void }>();
  #ticks = 0;

  open(path: string, mode: OpenMode): DiskFile {
    let inode = this.#names.get(path);
    if (inode === undefined) {
      if (mode === "read" || !this.#directories.has(parentOf(path))) throw notFound(path);
      inode = this.#makeInode(new Uint8Array());
      this.#names.set(path, inode);
      this.#changed(path);
    }
    const file = new MemoryFile(inode, (content) => {
      inode.content = content;
      inode.modifiedMs = ++this.#ticks;
      this.#changed(path);
    });
    if (mode === "replace") file.truncate(0);
    return file;
  }

  identity(path: string): FileIdentity | undefined {
    const inode = this.#names.get(path);
    return inode && identityOf(inode);
  }

  readFile(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.content.slice();
  }

  list(directory: string): string[] {
    return Array.from(this.#names.keys())
      .filter((path) => parentOf(path) === directory)
      .map((path) => path.slice(directory.length + 1));
  }

  makeDirectory(path: string): void {
    for (let each = path; each !== "" && each !== "/"; each = parentOf(each)) this.#directories.add(each);
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(from);
    if (inode === undefined || !this.#directories.has(parentOf(to))) throw notFound(from);
    this.#names.delete(from);
    this.#names.set(to, inode);
    this.#pendingRenames.push({ from, to });
    this.#changed(from);
    this.#changed(to);
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(path)) throw notFound(path);
    const renames = this.#pendingRenames.filter(({ from, to }) => parentOf(from) === path || parentOf(to) === path);
    const names = [...this.#names.keys(), ...this.#durableNames.keys()].filter((name) => parentOf(name) === path);
    for (const name of [...names, ...renames.flatMap(({ from, to }) => [from, to])]) {
      const inode = this.#names.get(name);
      if (inode === undefined) this.#durableNames.delete(name);
      else this.#durableNames.set(name, inode);
    }
    this.#pendingRenames = this.#pendingRenames.filter((rename) => !renames.includes(rename));
  }

  async *watch(directory: string, signal: AbortSignal): AsyncIterable<void> {
    if (signal.aborted) return;
    let changed = Promise.withResolvers<void>();
    const watcher = { directory, wake: () => changed.resolve() };
    this.#watchers.add(watcher);
    signal.addEventListener("abort", watcher.wake, { once: true });
    try {
      while (true) {
        await changed.promise;
        if (signal.aborted) return;
        changed = Promise.withResolvers();
        yield;
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** Puts a file there, durably. */
  put(path: string, content: Uint8Array | string): void {
    this.makeDirectory(parentOf(path));
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    const inode = this.#makeInode(bytes);
    inode.durable = bytes;
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** Deletes a file, or a directory with all that is in it. */
  remove(path: string): void {
    for (const name of this.#names.keys()) {
      if (name === path || name.startsWith(`${path}/`)) this.#names.delete(name);
    }
    for (const name of this.#directories) {
      if (name === path || name.startsWith(`${path}/`)) this.#directories.delete(name);
    }
  }

  /** The content of every file by its path. */
  files(): Map<string, string> {
    return new Map(Array.from(this.#names, ([path, { content }]) => [path, new TextDecoder().decode(content)]));
  }

  /** The disk as the next process finds it once all that used it are dead. */
  afterKill(): MemoryDisk {
    return this.#copy(this.#names, (inode) => inode.content);
  }

  /** The disk after a loss of power that took everything with it that was not synced. */
  afterPowerLoss(): MemoryDisk {
    return this.#copy(this.#durableNames, (inode) => inode.durable);
  }

  #copy(names: ReadonlyMap<string, Inode>, contentOf: (inode: Inode) => Uint8Array): MemoryDisk {
    const copy = new MemoryDisk();
    for (const directory of this.#directories) copy.makeDirectory(directory);
    for (const [path, inode] of names) copy.put(path, contentOf(inode));
    return copy;
  }

  #makeInode(content: Uint8Array): Inode {
    const number = ++this.#ticks;
    return { number, content, durable: new Uint8Array(), modifiedMs: number, holder: undefined, waiting: [] };
  }

  #changed(path: string): void {
    for (const { directory, wake } of this.#watchers) if (parentOf(path) === directory) wake();
  }
}

class MemoryFile implements DiskFile {
  readonly #inode: Inode;
  readonly #set: (content: Uint8Array) => void;
  #isClosed = false;

  constructor(inode: Inode, set: (content: Uint8Array) => void) {
    this.#inode = inode;
    this.#set = set;
  }

  identity(): FileIdentity {
    this.#refuseClosed();
    return identityOf(this.#inode);
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#refuseClosed();
    const bytes = this.#inode.content.subarray(offset, offset + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array): number {
    this.#refuseClosed();
    const content = new Uint8Array(this.#inode.content.length + bytes.length);
    content.set(this.#inode.content);
    content.set(bytes, this.#inode.content.length);
    this.#set(content);
    return bytes.length;
  }

  truncate(sizeBytes: number): void {
    this.#refuseClosed();
    this.#set(this.#inode.content.slice(0, sizeBytes));
  }

  syncData(): void {
    this.#refuseClosed();
    this.#inode.durable = this.#inode.content;
  }

  async sync(): Promise<void> {
    this.#refuseClosed();
    // What is written after the call is not part of it.
    const { content } = this.#inode;
    await Promise.resolve();
    this.#inode.durable = content;
  }

  tryLock(): boolean {
    this.#refuseClosed();
    this.#inode.holder ??= this;
    return this.#inode.holder === this;
  }

  lock(): Promise<void> {
    if (this.tryLock()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#inode.waiting.push({ file: this, grant: resolve });
    return promise;
  }

  unlock(): void {
    this.#refuseClosed();
    this.#letGo();
  }

  close(): void {
    this.#refuseClosed();
    this.#letGo();
    this.#isClosed = true;
  }

  #letGo(): void {
    if (this.#inode.holder !== this) return;
    this.#inode.holder = undefined;
    // A closed file that still waits gets the lock and loses it at once.
    for (let next = this.#inode.waiting.shift(); next !== undefined; next = this.#inode.waiting.shift()) {
      next.grant();
      if (next.file.#isClosed) continue;
      this.#inode.holder = next.file;
      return;
    }
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("The file is closed");
  }
}

function identityOf(inode: Inode): FileIdentity {
  return { inode: inode.number, sizeBytes: inode.content.length, modifiedMs: inode.modifiedMs };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

function notFound(path: string): Error {
  return new Deno.errors.NotFound(`No such file or directory: ${path}`);
}
