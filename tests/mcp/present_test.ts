/** Shows how tasks are cut to what a list shows: at what length, and that what is cut says so. */

import { assertEquals } from "@std/assert";
import type { TaskView } from "../../src/core/model/task.ts";
import { fit } from "../../src/mcp/page.ts";
import {
  presentCompact,
  presentDetails,
  presentListed,
  presentPlanned,
  presentTask,
} from "../../src/mcp/present_task.ts";
import { isoTime } from "../../src/core/model/text.ts";
import { oldTask, times } from "../core/given.ts";

Deno.test({
  name: "a task in a list or a changed one shows 10 dependencies, and their number if there are more",
  permissions: "none",
  fn() {
    for (const count of [0, 9, 10, 11, 40]) {
      const dependencies = times(count, (index) => `t${index}`);
      const task: TaskView = oldTask("a", { dependencies });
      for (const shown of [presentListed(task), presentCompact(task)]) {
        assertEquals(shown["dependencies"], dependencies.slice(0, 10));
        assertEquals(shown["dependencyCount"], count > 10 ? count : undefined);
      }
      assertEquals(presentTask(task)["dependencies"], dependencies);
    }
  },
});

Deno.test({
  name: "texts are cut at 80 characters in a list, at 100 in the answer to a change, at 16,000 in a whole task",
  permissions: "none",
  fn() {
    for (
      const [most, present] of [
        [80, (task: TaskView) => presentListed(task)],
        [100, presentCompact],
      ] as const
    ) {
      for (const length of [most - 1, most, most + 1, 2 * most]) {
        const task = oldTask("a", { status: "failed", description: "d".repeat(length), error: "e".repeat(length) });
        const { description, error } = present(task);
        const expected = (letter: string) => length <= most ? letter.repeat(length) : letter.repeat(most - 1) + "…";
        assertEquals([description, error], [expected("d"), expected("e")]);
      }
    }
    for (const length of [15_999, 16_000, 16_001]) {
      const task = oldTask("a", { status: "completed", result: "r".repeat(length) });
      const more = `… (${length} characters: get_task_details with part: "result", offset: 16000 reads on)`;
      const expected = "r".repeat(Math.min(length, 16_000)) + (length > 16_000 ? more : "");
      assertEquals(presentTask(task)["result"], expected);
      assertEquals(presentListed(task, ["result"]), { result: expected });
    }
  },
});

Deno.test({
  name: "a whole task shows its newest notes, as many as fit into 16 KiB, and where the others are",
  permissions: "none",
  fn() {
    const notesOf = (count: number, text: string) => times(count, (at) => ({ author: "lead", at, text }));
    const size = JSON.stringify({ author: "lead", at: isoTime(0), text: "" }).length + 1;
    for (
      const [count, text, shown] of [
        [50, "n", 50],
        [50, "n".repeat(4_096), Math.floor(16_384 / (size + 4_096))],
        [50, "深".repeat(1_365), Math.floor(16_384 / (size + 4_095))],
        [4, "n".repeat(4_096 - size), 4],
        [4, "n".repeat(4_097 - size), 3],
        [1, "\u0001".repeat(4_096), 1],
      ] as const
    ) {
      const task: TaskView = oldTask("a", { notes: notesOf(count, text) });
      for (const { notes, olderNotes } of [presentTask(task), presentListed(task, ["notes"])]) {
        const expected = times(shown, (index) => ({ author: "lead", at: isoTime(count - shown + index), text }));
        assertEquals(notes, expected);
        const more = `${count - shown} more: get_task_details with part: "notes" returns all`;
        assertEquals(olderNotes, count === shown ? undefined : more);
      }
    }
    assertEquals(Object.hasOwn(presentTask(oldTask("a")), "notes"), false);
  },
});

Deno.test({
  name: "the version of a task is told where the next change may name it, also the first one",
  permissions: "none",
  fn() {
    for (const [task, version] of [[oldTask("a"), 1], [oldTask("a", { version: 3 }), 3]] as const) {
      const shown = [presentPlanned(task), presentDetails(task), presentListed(task, ["version"])];
      assertEquals(shown.map((each) => each["version"]), [version, version, version]);
      assertEquals(presentCompact(task)["version"], undefined);
    }
  },
});

Deno.test({
  name: "a page is bounded by bytes of UTF-8, so that Chinese texts take no more than English ones",
  permissions: "none",
  fn() {
    const entries = times(100, () => ({ text: "深".repeat(100) }));
    const size = 3 * 100 + JSON.stringify({ text: "" }).length + 1;
    for (const maxBytes of [10 * size - 1, 10 * size, 10 * size + 1]) {
      assertEquals(fit(entries, "oldest", maxBytes).shown.length, Math.floor(maxBytes / size));
    }
  },
});

Deno.test({
  name: "a page has as many entries as fit, from either end, and at least one",
  permissions: "none",
  fn() {
    const entry = (id: number, characters: number) => ({ id, text: "x".repeat(characters - 18) });
    const size = JSON.stringify(entry(1, 1_000)).length;
    assertEquals(size, 1_000);
    const most = Math.floor(64 * 1024 / size);
    for (const [count, shown] of [[most - 1, most - 1], [most, most], [most + 1, most]] as const) {
      const entries = times(count, () => entry(1, 1_000));
      for (const keep of ["oldest", "newest"] as const) {
        const page = fit(entries, keep);
        assertEquals([page.shown.length, page.isCut], [shown, shown < count]);
      }
    }
    const long = entry(1, 70_000);
    const others = [entry(2, 1_000), entry(3, 70_000)];
    assertEquals(fit([long], "oldest"), { shown: [long], isCut: false });
    assertEquals(fit([long, ...others], "oldest"), { shown: [long], isCut: true });
    assertEquals(fit([long, ...others], "newest"), { shown: others.slice(-1), isCut: true });
  },
});

Deno.test({
  name: "a task shows the duration of its last attempt, of all attempts, and its waiting time",
  permissions: "none",
  fn() {
    const past = (attempt: number) => {
      const at = 1_000 * attempt;
      return { attempt, instance: "x", startedAt: at, endedAt: at + 100, outcome: "failed" as const };
    };
    for (const count of [0, 1, 2, 3]) {
      for (const isOver of [false, true]) {
        if (isOver && count === 0) continue;
        const attempt = isOver ? count : count + 1;
        const task = oldTask("a", {
          status: "failed",
          error: "",
          attempt,
          createdAt: 500,
          startedAt: 1_000 * attempt,
          finishedAt: 1_000 * attempt + (isOver ? 100 : 30),
          ...(count > 0 && { pastAttempts: times(count, (index) => past(index + 1)), workedMs: 100 * count }),
        });
        const { durationMs, workedMs, waitedMs, totalMs } = presentTask(task);
        const total = 1_000 * attempt + (isOver ? 100 : 30) - 500;
        const worked = 100 * count + (isOver ? 0 : 30);
        assertEquals([durationMs, workedMs, waitedMs, totalMs], [
          isOver ? undefined : 30,
          worked,
          total - worked,
          total,
        ]);
      }
    }
  },
});
