/** Shows that each store keeps what every journal promises: in memory, in one file, and in many. */

import { FileJournal } from "../../src/store/file/file_journal.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { steppingClock } from "../support/clock.ts";
import { RecordingLog } from "../support/log.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { type ContractOptions, testJournal } from "./contract.ts";
import { testEngine } from "./engine_contract.ts";

function testStore(name: string, options: ContractOptions): void {
  testJournal(name, options);
  testEngine(name, options);
}

testStore("MemoryJournal", {
  permissions: "none",
  make() {
    const journal = new MemoryJournal(steppingClock());
    // As a database has one clock, whatever that of a process.
    return Promise.resolve({ open: () => journal, [Symbol.asyncDispose]: () => Promise.resolve() });
  },
});

testStore("FileJournal in one segment", {
  permissions: { read: "inherit", write: "inherit" },
  async make() {
    const directory = await temporaryDirectory();
    return {
      open: opener({ directory: directory.path, disk: realDisk }),
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});

testStore("FileJournal in many segments", {
  permissions: { read: "inherit", write: "inherit" },
  async make() {
    const directory = await temporaryDirectory();
    return {
      open: opener({ directory: directory.path, disk: realDisk, segmentBytes: 500 }),
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});

testStore("FileJournal with a segment for each transaction, in memory", {
  permissions: "none",
  make() {
    return Promise.resolve({
      open: opener({ directory: "/data", disk: new MemoryDisk(), segmentBytes: 1 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

function opener(
  options: Pick<ConstructorParameters<typeof FileJournal>[0], "directory" | "disk" | "segmentBytes">,
): (skewMs?: number) => FileJournal {
  const now = steppingClock();
  return (skewMs = 0) => new FileJournal({ ...options, now: () => now() + skewMs, log: new RecordingLog() });
}
