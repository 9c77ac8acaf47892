/** A disk whose files can all be closed at once, as the kernel closes those of a process that dies: it lets go of locks. */

import type { Disk, DiskFile } from "../../../src/store/file/disk.ts";

export function closingDisk(disk: Disk): { readonly disk: Disk; readonly closeAll: () => void } {
  const open = new Set<DiskFile>();
  const closing: Disk = {
    open(path, mode) {
      const file = disk.open(path, mode);
      open.add(file);
      return {
        identity: () => file.identity(),
        readAt: (buffer, offset) => file.readAt(buffer, offset),
        write: (bytes) => file.write(bytes),
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        syncData: () => file.syncData(),
        sync: () => file.sync(),
        tryLock: (delayMs) => file.tryLock(delayMs),
        lock: () => file.lock(),
        unlock: () => file.unlock(),
        close() {
          if (open.delete(file)) file.close();
        },
      };
    },
    identity: (path) => disk.identity(path),
    readFile: (path) => disk.readFile(path),
    list: (directory) => disk.list(directory),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    watch: (directory, signal) => disk.watch(directory, signal),
  };
  return {
    disk: closing,
    closeAll() {
      for (const file of open) file.close();
      open.clear();
    },
  };
}
