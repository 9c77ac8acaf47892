/** Shows which attempts of which tasks are answered, in which order, and that pages together are all of them. */

import { assertEquals } from "@std/assert";
import { type AttemptRows, type AttemptRowsOptions, ROW_OUTCOMES } from "../../../src/core/messages/attempt_rows.ts";
import type { KnownCaller } from "../../../src/core/model/access.ts";
import type { Refusal } from "../../../src/core/model/refusal.ts";
import type { State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import {
  cancel,
  claim,
  complete,
  contextAt,
  create,
  fail,
  newTask,
  refusalOf,
  release,
  retry,
  stateAfter,
  taskWith,
  times,
} from "../given.ts";

const ADMIN: KnownCaller = { name: "admin", role: "admin" };

function rowsOf(state: State, options: Partial<AttemptRowsOptions> = {}, caller = ADMIN): AttemptRows {
  return answer(state, { type: "list_attempts", limit: 100, ...options }, { ...contextAt(state.now), caller });
}

/** `a/2 y running`: each attempt in words. */
function told(rows: AttemptRows): readonly string[] {
  const { task, attempt, instance, outcome, ids, instances } = rows;
  return task.map((index, row) => {
    return `${ids[index]}/${attempt[row]} ${instances[instance[row]!]} ${ROW_OUTCOMES[outcome[row]!]}`;
  });
}

/** A plan in which attempts ended in all ways that callers cause. */
function busyState(): State {
  return stateAfter(
    { type: "create_group", id: "g", settings: { visibleTo: ["p"] } },
    create(newTask("a"), newTask("b", "a"), newTask("c"), newTask("d"), taskWith({ group: "g" }, "hidden")),
    claim("x", "a"),
    release("x", "a"),
    claim("y", "a"),
    complete("y", "a"),
    claim("x", "b"),
    claim("y", "c"),
    fail("y", "c"),
    retry("c"),
    claim("z", "c"),
    claim("w", "d"),
    cancel("d"),
    claim("v", "hidden"),
  );
}

Deno.test({
  name: "attempts are answered with their outcomes, the newest start first",
  permissions: "none",
  fn() {
    const rows = rowsOf(busyState());
    assertEquals(told(rows), [
      "hidden/1 v running",
      "d/1 w cancelled",
      "c/2 z running",
      "c/1 y failed",
      "b/1 x running",
      "a/2 y completed",
      "a/1 x released",
    ]);
    assertEquals(rows.end.map((end, row) => end === 0 || end >= rows.start[row]!), rows.task.map(() => true));
    assertEquals(rows.group.map((group) => rows.groups[group]), ["g", ...times(6, () => undefined)]);
  },
});

Deno.test({
  name: "only of the last attempt of a task is known since when it could be claimed",
  permissions: "none",
  fn() {
    const rows = rowsOf(busyState());
    const row = told(rows).indexOf("b/1 x running");
    // b became ready when a was completed.
    assertEquals(rows.queued[row], rows.end[told(rows).indexOf("a/2 y completed")]);
    assertEquals(rows.queued[told(rows).indexOf("a/1 x released")], 0);
  },
});

Deno.test({
  name: "a caller sees no attempt at a task that is hidden from it",
  permissions: "none",
  fn() {
    const rows = rowsOf(busyState(), {}, { name: "o", role: "observer", audiences: ["q"] });
    assertEquals(told(rows).filter((text) => text.startsWith("hidden")), []);
    assertEquals([rows.ids.includes("hidden"), rows.instances.includes("v"), rows.groups], [false, false, []]);
  },
});

Deno.test({
  name: "pages of any size together are all attempts, each once",
  permissions: "none",
  fn() {
    const state = busyState();
    const all = told(rowsOf(state));
    for (let limit = 1; limit <= all.length + 1; limit++) {
      const pages = new Array<string>();
      let cursor: string | undefined;
      do {
        const page = rowsOf(state, { limit, ...(cursor !== undefined && { cursor }) });
        assertEquals(page.task.length <= limit, true);
        pages.push(...told(page));
        cursor = page.next;
      } while (cursor !== undefined);
      assertEquals(pages, all);
    }
  },
});

Deno.test({
  name: "since and until select the attempts that ran between",
  permissions: "none",
  fn() {
    const state = busyState();
    const rows = rowsOf(state);
    const row = told(rows).indexOf("a/2 y completed");
    const between = rowsOf(state, { since: rows.end[row]!, until: rows.start[row]! + 1 });
    assertEquals(told(between), ["a/2 y completed"]);
  },
});

Deno.test({
  name: "a cursor that no page had is refused",
  permissions: "none",
  fn() {
    const refusal: Refusal = refusalOf(() => rowsOf(busyState(), { cursor: "7" }));
    assertEquals(refusal.message, "Cursor is not valid: use next of the previous page, or omit it");
  },
});
