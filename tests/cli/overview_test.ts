/** Shows that the lines of `status --watch` fit any screen, whatever the plan holds, and tell first what matters most. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import stringWidth from "string-width";
import { draw, lookAt } from "../../src/cli/overview.ts";
import { type Device, Screen, sizeOf } from "../../src/cli/screen.ts";
import { Engine } from "../../src/app/engine.ts";
import { localOperator } from "../../src/core/model/access.ts";
import type { Task } from "../../src/core/model/task.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { importing, oldTask, times } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

const NOW = 1_000_000_000;
const PLAIN = { hasColors: false, now: NOW, notice: undefined };

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

async function overviewOf(...tasks: readonly Task[]) {
  const engine = await Engine.start({
    journal: new MemoryJournal(() => NOW),
    checkpoints: noCheckpoints,
    log: new RecordingLog(),
  });
  if (tasks.length > 0) await engine.execute(importing(...tasks), localOperator("test"));
  const overview = await lookAt(engine);
  await engine.close();
  return overview;
}

function running(id: string, startedAt = NOW): Task {
  return oldTask(id, { status: "in_progress", assignedTo: `i-${id}`, attempt: 1, startedAt });
}

function failed(id: string): Task {
  return oldTask(id, { status: "failed", assignedTo: "x", attempt: 1, startedAt: 1, finishedAt: 2 });
}

/** The first cells of the tasks that a screen shows. */
function idsIn(lines: readonly string[]): readonly string[] {
  return lines.slice(2, -1).map((line) => line.split(" ")[0] ?? "").filter((id) => /^[a-z]\d/.test(id));
}

test("a screen that is too small for all shows some of each kind, and how many it leaves out", async () => {
  const overview = await overviewOf(
    ...times(9, (n) => running(`r${n}`, NOW - n * 60_000)),
    ...times(9, (n) => oldTask(`q${n}`, { priority: n === 8 ? "urgent" : "normal" })),
    ...times(2, (n) => failed(`f${n}`)),
    ...times(9, (n) => oldTask(`b${n}`, { dependencies: ["f0"] })),
    ...times(9, (n) => oldTask(`w${n}`, { dependencies: ["r0"] })),
  );
  const lines = draw(overview, { ...PLAIN, size: { rows: 8, columns: 80 } });
  assertEquals(
    lines[0],
    "38 tasks: 9 in_progress, 9 ready, 9 blocked, 2 failed, 9 waiting; instances: 9".slice(0, 80),
  );
  assertEquals(idsIn(lines), ["r8", "q8", "b0", "f0", "w0"]);
  const larger = draw(overview, { ...PLAIN, size: { rows: 24, columns: 80 } });
  assertEquals(idsIn(larger).slice(0, 8), ["r8", "r7", "r6", "r5", "q8", "q0", "q1", "q2"]);
  assertEquals(larger.at(-1), `q leaves, ${38 - idsIn(larger).length} more tasks`);
});

test("any plan fits any screen, and nothing in it controls the terminal", async () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      "\x1b[2J\x1b[999;999H",
      "\x9b31m\x07",
      "a\u0301".repeat(3_000),
      "\u202e漢字🦕👩‍👩‍👧\r\n\t",
      "\u200b".repeat(5_000),
    ),
  );
  const overview = (texts: readonly string[], paused: string) =>
    overviewOf(
      ...texts.map((description, n) => ({ ...(n % 3 === 0 ? running(`漢${n}`) : oldTask(`t${n}`)), description })),
    )
      .then((made) => ({ ...made, paused: { reason: paused, at: NOW, by: { caller: "\x1b[1mme" } } }));
  const size = fc.record({ rows: fc.integer({ min: 1, max: 30 }), columns: fc.integer({ min: 1, max: 120 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 12 }), text, size, async (texts, other, size) => {
      const lines = draw(await overview(texts, other), { ...PLAIN, size, notice: other });
      assertEquals(lines.length, size.rows);
      for (const line of lines) {
        assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(line), JSON.stringify(line));
        assert(stringWidth(line) <= size.columns, JSON.stringify(line));
      }
    }),
    { numRuns: 60 },
  );
});

test("a screen writes what has changed only, all of it at a new size, and gives the terminal back", () => {
  const written: string[] = [];
  const raw: boolean[] = [];
  const device: Device = {
    write: (text) => void written.push(text),
    setRaw: (isRaw) => void raw.push(isRaw),
    size: () => ({ rows: 2, columns: 9 }),
    read: () => Promise.resolve(null),
    onResize: () => () => {},
    listenForEnd: () => new AbortController().signal,
  };
  {
    using screen = new Screen(device);
    screen.show(["one", "two"], { rows: 2, columns: 9 });
    screen.show(["one", "2"], { rows: 2, columns: 9 });
    screen.show(["one", "2"], { rows: 2, columns: 9 });
    screen.show(["one"], { rows: 1, columns: 9 });
  }
  assertEquals(written, [
    "\x1b[?1049h\x1b[?25l\x1b[?7l",
    "\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[2Kone\x1b[2;1H\x1b[2Ktwo\x1b[?2026l",
    "\x1b[?2026h\x1b[2;1H\x1b[2K2\x1b[?2026l",
    "\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[2Kone\x1b[?2026l",
    "\x1b[?7h\x1b[?25h\x1b[?1049l",
  ]);
  assertEquals(raw, [true, false]);
  assertEquals([sizeOf(device).rows, sizeOf({ ...device, size: () => ({ rows: 0, columns: 0 }) }).rows], [2, 24]);
});
