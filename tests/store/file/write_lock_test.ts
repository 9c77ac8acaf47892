/** Shows that the write lock has one holder, whoever asks, and that nobody waits for it without bound. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { WriteLock } from "../../../src/store/file/write_lock.ts";
import { times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

const LOCK = "/data/lock";

/** Long enough for what comes, short enough to wait for what does not. */
const WAIT_MS = 20;

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

test("the lock is handed from one process to the next", async (disk) => {
  const locks = times(5, () => new WriteLock(disk, LOCK));
  let holders = 0;
  let turns = 0;
  await Promise.all(locks.map(async (lock) => {
    for (let turn = 0; turn < 20; turn++) {
      await lock.acquire();
      assertEquals(++holders, 1);
      await Promise.resolve();
      holders--;
      turns++;
      lock.release();
    }
  }));
  assertEquals(turns, 100);
});

test("callers in one process take turns, even if they fail", async (disk) => {
  const other = new WriteLock(disk, LOCK);
  const lock = new WriteLock(disk, LOCK, WAIT_MS);
  await other.acquire();
  for (const each of times(3, () => lock.acquire())) await assertRejects(() => each, Unavailable);
  other.release();
  let holders = 0;
  await Promise.all(times(5, async () => {
    await lock.acquire();
    assertEquals(++holders, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    holders--;
    lock.release();
  }));
});

test("a call that waits too long is refused as busy, and a later one gets the lock", async (disk) => {
  const holder = new WriteLock(disk, LOCK);
  const other = new WriteLock(disk, LOCK, WAIT_MS);
  await holder.acquire();
  for (let call = 0; call < 3; call++) {
    const error = await assertRejects(() => other.acquire(), Unavailable, `the write lock ${LOCK} for ${WAIT_MS} ms`);
    assertEquals(error.code, "busy");
  }
  holder.release();
  await other.acquire();
  other.release();
});

test("a lock that is granted after its call gave up is released", async (disk) => {
  const holder = new WriteLock(disk, LOCK);
  const late = new WriteLock(disk, LOCK, WAIT_MS);
  await holder.acquire();
  await assertRejects(() => late.acquire(), Unavailable);
  holder.release();
  const third = new WriteLock(disk, LOCK, WAIT_MS);
  await third.acquire();
  third.release();
  await late.acquire();
  late.release();
});

test("a lock that is granted after its call gave up goes to the next waiting call", async (disk) => {
  const holder = new WriteLock(disk, LOCK);
  const late = new WriteLock(disk, LOCK, WAIT_MS);
  await holder.acquire();
  await assertRejects(() => late.acquire(), Unavailable);
  const again = late.acquire();
  holder.release();
  await again;
  await assertRejects(() => new WriteLock(disk, LOCK, WAIT_MS).acquire(), Unavailable);
  late.release();
  await holder.acquire();
});

test("a deleted lock file never leads to two holders", async (disk) => {
  const [first, second] = [new WriteLock(disk, LOCK), new WriteLock(disk, LOCK, WAIT_MS)];
  for (const lock of [first, second]) {
    await lock.acquire();
    lock.release();
  }
  disk.remove(LOCK);
  await first.acquire();
  await assertRejects(() => second.acquire(), Unavailable);
  first.release();
  await second.acquire();
});

test("a lock file deleted while a call waits for it never leads to two holders", async (disk) => {
  const [holder, waiting] = [new WriteLock(disk, LOCK), new WriteLock(disk, LOCK)];
  await holder.acquire();
  const waited = waiting.acquire();
  disk.remove(LOCK);
  holder.release();
  await waited;
  await assertRejects(() => new WriteLock(disk, LOCK, WAIT_MS).acquire(), Unavailable);
});

test("a lock file that is deleted again and again leads to busy", async (disk) => {
  const open = disk.open.bind(disk);
  disk.open = (path, mode) => {
    const file = open(path, mode);
    disk.remove(LOCK);
    return file;
  };
  const error = await assertRejects(() => new WriteLock(disk, LOCK).acquire(), Unavailable, "replaced again and again");
  assertEquals(error.code, "busy");
});

test("an unexpected failure releases the lock", async (disk) => {
  const failing = new WriteLock(disk, LOCK);
  const { identity } = disk;
  disk.identity = () => {
    throw new Error("Input/output error");
  };
  await assertRejects(() => failing.acquire(), Error, "Input/output error");
  disk.identity = identity;
  const other = new WriteLock(disk, LOCK, WAIT_MS);
  await other.acquire();
  other.release();
  await failing.acquire();
});

test("closing releases the lock, and a closed lock can be acquired again", async (disk) => {
  const [first, second] = [new WriteLock(disk, LOCK), new WriteLock(disk, LOCK)];
  await first.acquire();
  const waited = second.acquire();
  first.close();
  await waited;
  second.close();
  await first.acquire();
  first.close();
});

test("the lock file is created with its directory, and stays empty", async (disk) => {
  const lock = new WriteLock(disk, "/new/data/lock");
  await lock.acquire();
  assertEquals(disk.files(), new Map([["/new/data/lock", ""]]));
  lock.close();
  assert(disk.identity("/new/data/lock") !== undefined);
});
