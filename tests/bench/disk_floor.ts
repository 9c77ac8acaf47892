/** The least that a durable append costs on this disk: lock, one write, unlock, fdatasync. */

export interface DiskFloor extends Disposable {
  append(bytes: Uint8Array): void;
}

/** Opens a file to be appended to; removes it in the end. */
export function openDiskFloor(path: string): DiskFloor {
  const file = Deno.openSync(path, { append: true, create: true });
  return {
    append(bytes) {
      if (!file.tryLockSync(true)) throw new Error(`Cannot lock ${path}`);
      file.writeSync(bytes);
      file.unlockSync();
      file.syncDataSync();
    },
    [Symbol.dispose]() {
      file.close();
      Deno.removeSync(path);
    },
  };
}
