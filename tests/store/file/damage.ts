/** Journals to be damaged, and what must be said of the damage. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Journal, Unavailable } from "../../../src/app/ports.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { LINE_FEED } from "../../../src/store/file/segments.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { append, drafted, openStore, recordsAfter } from "../../support/store.ts";

/** Puts three records into a segment. */
export const SEGMENT_BYTES = 600;

/** Where a record stands. */
export interface Line {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly byte: number;
  readonly seq: number;
}

/** A journal of eight records in three segments, and where each of them is. */
export async function eightRecords(
  prefix = "task",
): Promise<{ readonly disk: MemoryDisk; readonly lines: readonly Line[] }> {
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  for (let seq = 1; seq <= 8; seq++) await append(store.journal, [drafted(`${prefix} ${seq} ä`)]);
  const lines: Line[] = [];
  for (const segment of segments(disk)) {
    const bytes = disk.readFile(segment) ?? new Uint8Array();
    for (let byte = 0, line = 1; byte < bytes.length; byte = bytes.indexOf(LINE_FEED, byte) + 1, line++) {
      lines.push({ path: segment, line, byte, seq: lines.length + 1 });
    }
  }
  assertEquals(lines.map(({ line }) => line), [1, 2, 3, 1, 2, 3, 1, 2]);
  return { disk, lines };
}

/** Paths of the segments. */
export function segments(disk: MemoryDisk): string[] {
  return disk.list("/data/journal").sort().map((name) => `/data/journal/${name}`);
}

/** Asserts that reading, writing and verifying all find the damage where it is, and change nothing. */
export async function assertDamaged(
  disk: MemoryDisk,
  at: Pick<Line, "path" | "line" | "byte">,
  kind: "damaged" | "newer" = "damaged",
): Promise<void> {
  await assertRefused(disk, `${at.path} line ${at.line} (byte ${at.byte}): `, kind);
  const { why: _, ...fault } = verifyJournal(disk, "/data").fault ?? { why: "" };
  assertEquals(fault, { path: at.path, line: at.line, byte: at.byte, kind });
}

/** Asserts that a journal can neither be read nor be written to, with nothing changed. */
export async function assertRefused(
  disk: MemoryDisk,
  message: string,
  kind: "damaged" | "newer" = "damaged",
): Promise<void> {
  const before = contents(disk);
  const uses: ((journal: Journal) => Promise<unknown>)[] = [recordsAfter, (journal) => append(journal, [])];
  for (const use of uses) {
    const error = await assertRejects(
      async () => {
        await using store = openStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
        await use(store.journal);
      },
      Unavailable,
      message,
    );
    assertEquals(error.code, kind === "newer" ? "newer_version" : "journal_damaged");
    assert(error.message.includes(kind === "newer" ? "Restart this MCP server" : "repair command"), error.message);
  }
  assertEquals(contents(disk), before);
}

/** All files but the locks, which hold nothing. */
export function contents(disk: MemoryDisk): Map<string, string> {
  return new Map([...disk.files()].filter(([path]) => !path.endsWith("lock")));
}
