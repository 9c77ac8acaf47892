/**
 * A disk in memory that behaves like the real one and can lose power, which leaves only what was synced. It is fast enough
 * for tests that try every byte and every operation. The tests of the disk run against both.
 */

import type { Disk, DiskFile, FileIdentity, OpenMode } from "../../src/store/file/disk.ts";

/** Which unsynced changes survive a loss of power. */
export interface Survivors {
  /** How many changes of a file survive: these are the first ones. */
  changes(count: number): number;
  /** The part that survives of the first write after `changes`. */
  torn(bytes: Uint8Array, offset: number): Uint8Array;
  /** For each change of names, whether it survives. A rename survives as a whole. */
  names(count: number): readonly boolean[];
}

const NOTHING: Survivors = {
  changes: () => 0,
  torn: () => new Uint8Array(),
  names: () => [],
};

/** A write at an offset, or a new size. */
type Change =
  | { readonly offset: number; readonly bytes: Uint8Array }
  | { readonly sizeBytes: number };

/** A file that got the name `to`, lost the name `from`, or both. */
interface NameChange {
  readonly inode: Inode;
  readonly from?: string;
  readonly to?: string;
}

/** A file, independent of its names. */
interface Inode {
  readonly number: number;
  content: Uint8Array;
  /** The content after the last sync. */
  durable: Uint8Array;
  /** Changes of the content since the last sync, in order. */
  unsynced: Change[];
  modifiedMs: number;
  holder: MemoryFile | undefined;
  readonly waiting: { readonly file: MemoryFile; readonly grant: () => void }[];
}

export class MemoryDisk implements Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  /** Changes of names since the last sync of their directory, in order. */
  #unsyncedNames: NameChange[] = [];
  /** `/data` is there from the start, as whoever finds a data directory makes it. */
  readonly #directories = new Set<string>(["/", "/data"]);
  readonly #watchers = new Set<{ readonly directory: string; readonly wake: () => void }>();
  #ticks = 0;
  #openFiles = 0;
  #mostOpenFiles = 0;

  open(path: string, mode: OpenMode): DiskFile {
    let inode = this.#names.get(path);
    if (inode === undefined) {
      if (mode === "read" || !this.#directories.has(parentOf(path))) throw notFound(path);
      inode = this.#makeInode(new Uint8Array());
      this.#rename({ inode, to: path });
      this.#changed(path);
    }
    const file = new MemoryFile(inode, (change) => {
      inode.content = changed(inode.content, change);
      inode.unsynced.push(change);
      inode.modifiedMs = ++this.#ticks;
      this.#changed(path);
    }, () => this.#openFiles--);
    this.#mostOpenFiles = Math.max(this.#mostOpenFiles, ++this.#openFiles);
    if (mode === "replace") file.truncate(0);
    return file;
  }

  identity(path: string): FileIdentity | undefined {
    if (this.#directories.has(path)) return { inode: 0, sizeBytes: 0, modifiedMs: 0 };
    const inode = this.#names.get(path);
    return inode && identityOf(inode);
  }

  readFile(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.content.slice();
  }

  /** Newest first, as a real disk may list in any order. */
  list(directory: string): string[] {
    return Array.from(this.#names.keys())
      .filter((path) => parentOf(path) === directory)
      .map((path) => path.slice(directory.length + 1))
      .reverse();
  }

  makeDirectory(path: string): void {
    for (let each = path; each !== "" && each !== "/"; each = parentOf(each)) this.#directories.add(each);
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(from);
    if (inode === undefined || !this.#directories.has(parentOf(to))) throw notFound(from);
    this.#rename({ inode, from, to });
    this.#changed(from);
    this.#changed(to);
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(path)) throw notFound(path);
    const isHere = ({ from, to }: NameChange) => [from, to].some((name) => name && parentOf(name) === path);
    for (const change of this.#unsyncedNames) if (isHere(change)) applyName(this.#durableNames, change);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !isHere(change));
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

  /** Number of open files. */
  get openFiles(): number {
    return this.#openFiles;
  }

  /** Greatest number of files that were open at the same time. */
  get mostOpenFiles(): number {
    return this.#mostOpenFiles;
  }

  /** Makes a durable file. */
  put(path: string, content: Uint8Array | string): void {
    this.makeDirectory(parentOf(path));
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    this.#place(path, { ...this.#makeInode(bytes), durable: bytes });
  }

  /** Deletes a file, or a directory with its content. */
  remove(path: string): void {
    for (const [name, inode] of this.#names) {
      if (name === path || name.startsWith(`${path}/`)) this.#rename({ inode, from: name });
    }
    for (const name of this.#directories) {
      if (name === path || name.startsWith(`${path}/`)) this.#directories.delete(name);
    }
  }

  /** Forgets that changes of a file are unsynced, as a kernel does after a failed write: a later sync does not save them. */
  forgetUnsynced(path: string): void {
    const inode = this.#names.get(path);
    if (inode !== undefined) inode.unsynced = [];
  }

  /** The content of every file by its path. */
  files(): Map<string, string> {
    return new Map(Array.from(this.#names, ([path, { content }]) => [path, new TextDecoder().decode(content)]));
  }

  /** The disk after all processes were killed. */
  afterKill(): MemoryDisk {
    return this.#copy(this.#names, (inode) => inode.content);
  }

  /** The disk after a loss of power. Unsynced changes are lost, except the survivors. */
  afterPowerLoss(survivors: Survivors = NOTHING): MemoryDisk {
    const names = new Map(this.#durableNames);
    const kept = survivors.names(this.#unsyncedNames.length);
    this.#unsyncedNames.forEach((change, index) => kept[index] && applyName(names, change));
    return this.#copy(names, (inode) => contentAfterPowerLoss(inode, survivors));
  }

  #copy(names: ReadonlyMap<string, Inode>, contentOf: (inode: Inode) => Uint8Array): MemoryDisk {
    const copy = new MemoryDisk();
    copy.#ticks = this.#ticks;
    for (const directory of this.#directories) copy.makeDirectory(directory);
    for (const [path, inode] of names) {
      const content = contentOf(inode);
      copy.#place(path, { ...inode, content, durable: content, unsynced: [], holder: undefined, waiting: [] });
    }
    return copy;
  }

  #makeInode(content: Uint8Array): Inode {
    const number = ++this.#ticks;
    const durable = new Uint8Array();
    return { number, content, durable, unsynced: [], modifiedMs: number, holder: undefined, waiting: [] };
  }

  #place(path: string, inode: Inode): void {
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change);
    this.#unsyncedNames.push(change);
  }

  #changed(path: string): void {
    for (const { directory, wake } of this.#watchers) if (parentOf(path) === directory) wake();
  }
}

class MemoryFile implements DiskFile {
  readonly #inode: Inode;
  readonly #change: (change: Change) => void;
  readonly #onClosed: () => void;
  #isClosed = false;

  constructor(inode: Inode, change: (change: Change) => void, onClosed: () => void) {
    this.#inode = inode;
    this.#change = change;
    this.#onClosed = onClosed;
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
    this.#change({ offset: this.#inode.content.length, bytes: bytes.slice() });
    return bytes.length;
  }

  truncate(sizeBytes: number): void {
    this.#refuseClosed();
    this.#change({ sizeBytes });
  }

  syncData(): void {
    this.#refuseClosed();
    this.#makeDurable(this.#inode.unsynced.length);
  }

  async sync(): Promise<void> {
    this.#refuseClosed();
    // Later writes are not part of this sync.
    const last = this.#inode.unsynced.at(-1);
    await Promise.resolve();
    this.#makeDurable(last === undefined ? 0 : this.#inode.unsynced.indexOf(last) + 1);
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
    this.#release();
  }

  close(): void {
    this.#refuseClosed();
    this.#release();
    this.#isClosed = true;
    this.#onClosed();
  }

  /** Makes the first unsynced changes durable. */
  #makeDurable(count: number): void {
    this.#inode.durable = this.#inode.unsynced.splice(0, count).reduce(changed, this.#inode.durable);
  }

  #release(): void {
    if (this.#inode.holder !== this) return;
    this.#inode.holder = undefined;
    // A file that was closed while waiting gets the lock and loses it at once.
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

function changed(content: Uint8Array, change: Change): Uint8Array {
  if ("sizeBytes" in change) return content.slice(0, change.sizeBytes);
  const { offset, bytes } = change;
  const longer = new Uint8Array(Math.max(content.length, offset + bytes.length));
  longer.set(content);
  longer.set(bytes, offset);
  return longer;
}

function applyName(names: Map<string, Inode>, { inode, from, to }: NameChange): void {
  if (from !== undefined && names.get(from) === inode) names.delete(from);
  if (to !== undefined) names.set(to, inode);
}

function contentAfterPowerLoss({ durable, unsynced }: Inode, survivors: Survivors): Uint8Array {
  if (unsynced.length === 0) return durable;
  const count = survivors.changes(unsynced.length);
  const content = unsynced.slice(0, count).reduce(changed, durable);
  const next = unsynced[count];
  if (next === undefined || "sizeBytes" in next) return content;
  const { offset } = next;
  const bytes = survivors.torn(next.bytes, offset);
  return bytes.length === 0 ? content : changed(content, { offset, bytes });
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
