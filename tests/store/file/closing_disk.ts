/** A disk whose files can all be closed at once, as the kernel closes those of a process that dies: it lets go of locks. */

import type { Disk, DiskFile } from "../../../src/store/file/disk.ts";
import { overriding } from "../../support/overriding.ts";

export function closingDisk(disk: Disk): { readonly disk: Disk; readonly closeAll: () => void } {
  const open = new Set<DiskFile>();
  const closing = overriding(disk, {
    open(path, mode) {
      const file = disk.open(path, mode);
      open.add(file);
      return overriding(file, {
        close() {
          if (open.delete(file)) file.close();
        },
      });
    },
  });
  return {
    disk: closing,
    closeAll() {
      for (const file of open) file.close();
      open.clear();
    },
  };
}
