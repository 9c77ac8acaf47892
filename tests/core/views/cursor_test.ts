/** Shows where cursors lead, whose they are, and that those of a caller with audiences tell nothing of what is hidden. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import type { KnownCaller } from "../../../src/core/model/access.ts";
import type { State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { contextAt, create, newTask, refusalOf, remove, run, stateAfter } from "../given.ts";

const ADMIN: KnownCaller = { name: "admin", role: "admin" };
const TEAM: KnownCaller = { name: "team", role: "planner", audiences: ["p"] };

const HIDDEN: readonly Command[] = [
  { type: "create_group", id: "q", settings: { visibleTo: ["q"] } },
  create({ ...newTask("h"), group: "q" }, { ...newTask("i"), group: "q" }),
];

const PLAN = create(newTask("a"), newTask("b"), newTask("c"), newTask("d"));

function pageOf(state: State, caller: KnownCaller, cursor?: string) {
  const query = { type: "list_tasks", filter: {}, limit: 2, ...(cursor !== undefined && { cursor }) } as const;
  const { tasks, next, cursors } = answer(state, query, { ...contextAt(9), caller });
  return { ids: tasks.map(({ id }) => id), next, cursors };
}

Deno.test({
  name: "cursors of a caller with audiences are the same, whether something is hidden before the page or not",
  permissions: "none",
  fn() {
    const bare = stateAfter({ type: "sweep" }, { type: "sweep" }, PLAN);
    const full = stateAfter(...HIDDEN, PLAN);
    assertEquals(pageOf(full, TEAM), pageOf(bare, TEAM));
    assertEquals(pageOf(full, TEAM, pageOf(bare, TEAM).next), { ids: ["c", "d"], next: undefined, cursors: ["3:d"] });
    const numbers = refusalOf(() => pageOf(full, TEAM, "2"));
    assertEquals(numbers.code, "invalid_value");
    assertEquals(refusalOf(() => pageOf(bare, TEAM, "2")).message, numbers.message);
    assertEquals(pageOf(full, ADMIN, "4").ids, ["c", "d"]);
  },
});

Deno.test({
  name: "a cursor whose task was deleted, hidden or created again is refused, and says how to go on",
  permissions: "none",
  fn() {
    const state = stateAfter(HIDDEN[0] as Command, PLAN);
    const { next = "" } = pageOf(state, TEAM);
    const refusals: string[] = [];
    run(state, { type: "update_task", id: "c", settings: { group: "q" } }, 10);
    refusals.push(refusalOf(() => pageOf(state, TEAM, next)).message);
    run(state, remove("c"), 11);
    refusals.push(refusalOf(() => pageOf(state, TEAM, next)).message);
    run(state, create(newTask("c")), 12);
    refusals.push(refusalOf(() => pageOf(state, TEAM, next)).message);
    assertMatch(refusals[0] ?? "", /task c is no longer there: omit it to begin again$/);
    assertEquals(new Set(refusals).size, 1);
    // One who sees everything goes on after numbers.
    assertEquals(pageOf(state, ADMIN, "2").ids, ["d", "c"]);
  },
});

Deno.test({
  name: "a caller goes on with the cursor that it got before it was made admin",
  permissions: "none",
  fn() {
    const state = stateAfter(PLAN);
    assertEquals(pageOf(state, ADMIN, pageOf(state, TEAM).next).ids, ["c", "d"]);
  },
});
