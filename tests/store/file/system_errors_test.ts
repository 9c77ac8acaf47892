/** Shows how the file store tells of errors of the system, and that no other form of them leaves it. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CommitUnknown, type Position, Unavailable } from "../../../src/app/ports.ts";
import { snapshotOf } from "../../../src/core/state/snapshot.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import type { DiskFile, FileIdentity, OpenMode } from "../../../src/store/file/disk.ts";
import { FileJournal } from "../../../src/store/file/file_journal.ts";
import { describeSystemError } from "../../../src/store/file/system_errors.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  append,
  checkpoint,
  createTask,
  drafted,
  openStore,
  recordsAfter,
  type RunningStore,
  startStore,
  taskIds,
} from "../../support/store.ts";
import { FaultyDisk, type Operation } from "./faulty_disk.ts";

/** An error as Deno makes it of a system call that failed. */
function systemError(code: string): Error {
  return Object.assign(new Error(`Some reason (os error 1): open '/data/lock'`), { code });
}

Deno.test("errors of the system are explained in one line, with path, reason and remedy", () => {
  for (
    const [code, advice] of [
      [
        "EROFS",
        "the file system is read-only. Make it writable, or name another directory with --data; status, " +
        "history, export and verify need no right to write",
      ],
      ["EMFILE", "this process may not open more files. Raise the limit (ulimit -n)"],
      ["ENOSPC", "the disk is full. Make room"],
      ["ELOOP", "symbolic links lead in a circle. Correct them, or name another directory with --data"],
    ] as const
  ) {
    assertEquals(describeSystemError(systemError(code)), `Some reason (os error 1): open '/data/lock': ${advice}`);
  }
  assertEquals(describeSystemError(systemError("EXDEV")), "Some reason (os error 1): open '/data/lock'");
  // Deno gives this one neither a code nor a class.
  assertEquals(describeSystemError(new Error("File too large (os error 27)")), "File too large (os error 27)");
  assertEquals(describeSystemError(new Error("a bug")), undefined);
});

/** Every operation of the disk that reads fails with an error as Deno makes it, once the test says so. */
class FailingDisk extends FaultyDisk {
  failure: Error | undefined;

  override open(path: string, mode: OpenMode): DiskFile {
    this.#fail();
    return super.open(path, mode);
  }

  override identity(path: string): FileIdentity | undefined {
    this.#fail();
    return super.identity(path);
  }

  override readFile(path: string): Uint8Array | undefined {
    this.#fail();
    return super.readFile(path);
  }

  override list(directory: string): string[] {
    this.#fail();
    return super.list(directory);
  }

  override async *watch(directory: string, signal: AbortSignal): AsyncIterable<void> {
    this.#fail();
    yield* super.watch(directory, signal);
  }

  #fail(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

const FAILURES: readonly Error[] = [
  systemError("EMFILE"),
  systemError("EIO"),
  // Deno makes TypeErrors of EINVAL, and gives these two no code.
  Object.assign(new TypeError("Invalid argument (os error 22)"), { code: "EINVAL" }),
  new Deno.errors.NotFound("No path was found."),
  new Deno.errors.NotCapable("Requires read access to /data"),
];

const USES: Readonly<Record<string, (store: RunningStore, position: Position) => Promise<unknown>>> = {
  transact: ({ journal }, after) => append(journal, [drafted("b")], after),
  "transact from the origin": ({ journal }) => append(journal, [drafted("b")]),
  read: ({ journal }) => recordsAfter(journal),
  seek: ({ journal }) => journal.seek(2),
  watch: ({ journal }) => Array.fromAsync(journal.watch(new AbortController().signal)),
  "loading a checkpoint": ({ checkpoints }) => checkpoints.load(),
  "saving a checkpoint": (store) => checkpoint(store),
  "the import of a tasks file": ({ checkpoints }) => checkpoints.legacy(),
  "its end": ({ checkpoints }) => checkpoints.retireLegacy(),
};

for (const [use, run] of Object.entries(USES)) {
  Deno.test({
    name: `${use}: errors of the disk are told as a failure of the store, and it goes on when they are over`,
    permissions: "none",
    async fn() {
      for (const failure of FAILURES) {
        const disk = new FailingDisk(new MemoryDisk());
        await using store = await startStore({ directory: "/data", disk, segmentBytes: 300 });
        for (const id of ["a1", "a2", "a3"]) await createTask(store.engine, id);
        const { position } = await append(store.journal, []);
        disk.failure = failure;
        const error = await assertRejects(() => run(store, position), Unavailable);
        assertEquals([error.code, error.cause], ["storage_failed", failure]);
        assertStringIncludes(error.message, `Cannot read or write the data directory /data: ${failure.message}`);
        disk.failure = undefined;
        assertEquals(await taskIds(store.engine), ["a1", "a2", "a3"]);
        await createTask(store.engine, "b");
      }
    },
  });
}

const CHANGES: Readonly<Record<string, { readonly names: readonly Operation["name"][]; readonly path: RegExp }>> = {
  "the lock file": { names: ["create"], path: /\/lock$/ },
  "a new segment": { names: ["create"], path: /jsonl$/ },
  "the checkpoint": { names: ["create", "write", "sync", "rename"], path: /json(\.tmp)?$/ },
};

for (const [what, { names, path }] of Object.entries(CHANGES)) {
  Deno.test({
    name: `${what}: no error of the disk reaches those who use the store as it is`,
    permissions: "none",
    async fn() {
      for (const name of names) {
        const disk = new FaultyDisk(new MemoryDisk());
        await using store = openStore({ directory: "/data", disk });
        disk.plan = (operation) => {
          return operation.name === name && path.test(operation.path) ? { error: systemError("EIO") } : undefined;
        };
        const use = async () => {
          const { position } = await append(store.journal, [drafted("a")]);
          await store.checkpoints.save(snapshotOf(emptyState()), position);
        };
        assertEquals((await assertRejects(use, Unavailable)).code, "storage_failed");
      }
    },
  });
}

Deno.test({
  name: "an error after the write leaves the outcome unknown, one before it leaves nothing",
  permissions: "none",
  async fn() {
    for (const isAfter of [true, false]) {
      const disk = new FailingDisk(new MemoryDisk());
      await using store = openStore({ directory: "/data", disk });
      const lock = { acquire: () => Promise.resolve(), release: () => {}, close: () => {} };
      const failing = {
        ...lock,
        [isAfter ? "release" : "acquire"]() {
          throw systemError("EIO");
        },
      };
      const options = { directory: "/data", disk, now: () => 1, log: store.log, lock: failing };
      const journal = new FileJournal(options);
      const error = await assertRejects(() => append(journal, [drafted("a"), drafted("b")]), Unavailable);
      assertEquals(error instanceof CommitUnknown ? error.appended : undefined, isAfter ? 2 : undefined);
      assertEquals((await recordsAfter(store.journal)).length, isAfter ? 2 : 0);
      await journal.close();
    }
  },
});

Deno.test({
  name: "what a transaction throws is passed on as it is",
  permissions: "none",
  async fn() {
    await using store = openStore({ directory: "/data", disk: new MemoryDisk() });
    const thrown = new TypeError("a bug");
    const error = await assertRejects(() =>
      store.journal.transact(store.journal.origin, {
        follow() {},
        decide() {
          throw thrown;
        },
      })
    );
    assertEquals(error, thrown);
  },
});
