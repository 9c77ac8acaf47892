/** Shows that a process that is far behind reads before it asks for the lock: nobody else can write while it has it. */

import { assert, assertEquals } from "@std/assert";
import type { DiskFile } from "../../../src/store/file/disk.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { append, drafted, openStore } from "../../support/store.ts";

const RECORDS = 300;
const RECORD_BYTES = 5_000;

/** Counts the bytes that are read of a disk while its lock is held, and while not. */
class CountingDisk extends MemoryDisk {
  readonly readBytes = { locked: 0, unlocked: 0 };
  #isLocked = false;

  override open(...args: Parameters<MemoryDisk["open"]>): DiskFile {
    const file = super.open(...args);
    const { readAt, tryLock, unlock } = file;
    file.readAt = (...read) => {
      const count = readAt.apply(file, read);
      this.readBytes[this.#isLocked ? "locked" : "unlocked"] += count;
      return count;
    };
    file.tryLock = () => this.#isLocked = tryLock.apply(file);
    file.unlock = () => {
      this.#isLocked = false;
      unlock.apply(file);
    };
    return file;
  }
}

for (const segmentBytes of [100_000, 10_000_000]) {
  Deno.test({
    name: `a tail in segments of ${segmentBytes} bytes is read before the lock is requested`,
    permissions: "none",
    async fn() {
      const disk = new CountingDisk();
      const options = { directory: "/data", disk, segmentBytes };
      await using behind = openStore(options);
      await using ahead = openStore(options);
      let { position } = await append(behind.journal, [drafted("first")]);
      const before = position;
      for (let index = 0; index < RECORDS; index++) {
        const draft = drafted(`task-${index}`, "x".repeat(RECORD_BYTES));
        position = (await append(ahead.journal, [draft], position)).position;
      }
      Object.assign(disk.readBytes, { locked: 0, unlocked: 0 });
      const { tail } = await append(behind.journal, [drafted("last")], before);
      assertEquals(tail.records.length, RECORDS);
      const { locked, unlocked } = disk.readBytes;
      assert(unlocked > RECORDS * RECORD_BYTES && locked < RECORD_BYTES, `${locked} bytes locked, ${unlocked} not`);
    },
  });
}
