/** Shows that an instance gets the preamble of a group once, with its first claim of one of the group's tasks. */

import type { CommandOf, CommandType } from "../../../src/core/messages/commands.ts";
import type { GroupSettings } from "../../../src/core/model/group.ts";
import { MAX_PREAMBLE_BYTES, MAX_PREAMBLE_INSTANCES } from "../../../src/core/model/limits.ts";
import type { Changes } from "../../../src/core/messages/events.ts";
import type { State } from "../../../src/core/state/state.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { findGroup } from "../../../src/core/state/lookup.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  given,
  newTask,
  release,
  run,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
} from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals } from "@std/assert";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function group(settings: GroupSettings, id = "g"): CommandOf<"create_group"> {
  return { type: "create_group", id, settings };
}

function change(settings: Changes<GroupSettings>): CommandOf<"update_group"> {
  return { type: "update_group", id: "g", settings };
}

/** Three tasks of a group with a preamble. */
const PLAN: readonly Step[] = [
  group({ preamble: "Deno only" }),
  create(...["a", "b", "c"].map((id) => taskWith({ group: "g" }, id)), newTask("other")),
];

function preambleOf(state: State, command: CommandOf<"claim_task">): string | undefined {
  const { answer } = run(state, command, state.recordedAt + 1);
  assert(answer.task !== undefined);
  return answer.preamble;
}

test("the first claim of each instance has the preamble, and no later one", () => {
  const state = stateAfter(...PLAN);
  assertEquals(preambleOf(state, claim("x", "other")), undefined);
  assertEquals(preambleOf(state, claim("x", "a")), "Deno only");
  assertEquals(preambleOf(state, claim("x", "b")), undefined);
  assertEquals(preambleOf(state, claim("y", "c")), "Deno only");
});

test("the record of a claim says that it told the preamble", () => {
  const event = { type: "task.claimed", id: "a", instance: "x", attempt: 1 } as const;
  given(...PLAN).when(claim("x", "a")).then({ ...event, preamble: true });
  given(...PLAN, claim("x", "b")).when(claim("x", "a")).then(event);
});

test("a claim of what the instance holds already gives the preamble again, as its context may be lost", () => {
  const state = stateAfter(...PLAN);
  assertEquals(preambleOf(state, claim("x", "a")), "Deno only");
  assertEquals(preambleOf(state, claim("x", "a")), "Deno only");
  assertEquals(preambleOf(state, claim("x", "b")), undefined);
});

test("a changed preamble is told to everybody again, another change is not", () => {
  const state = stateAfter(...PLAN);
  assertEquals(preambleOf(state, claim("x", "a")), "Deno only");
  run(state, change({ title: "t", preamble: "Deno only" }), state.recordedAt + 1);
  assertEquals(preambleOf(state, claim("x", "b")), undefined);
  run(state, change({ preamble: "Deno 2 only" }), state.recordedAt + 1);
  run(state, release("x", "b"), state.recordedAt + 1);
  assertEquals(preambleOf(state, claim("x", "b")), "Deno 2 only");
});

test("a removed preamble is not told", () => {
  const state = stateAfter(...PLAN, change({ preamble: null }));
  assertEquals(preambleOf(state, claim("x", "a")), undefined);
  assertEquals(findGroup(state, "g").group, { id: "g", createdAt: 1 });
});

test("who got the preamble is kept in snapshots, and not shown", () => {
  const state = stateAfter(...PLAN, claim("x", "a"));
  assertEquals(preambleOf(restore(snapshotOf(state)), claim("x", "b")), undefined);
  assertEquals(findGroup(state, "g").group.preambleTo, ["x"]);
  assert(!("preambleTo" in groupViewOf(findGroup(state, "g"))));
});

test("a group remembers a bounded number of instances that got its preamble; the first one gets it again", () => {
  const state = stateAfter(
    group({ preamble: "Deno only" }),
    create(...times(MAX_PREAMBLE_INSTANCES + 3, (index) => taskWith({ group: "g" }, `t${index}`))),
  );
  for (const index of times(MAX_PREAMBLE_INSTANCES, (index) => index)) {
    assertEquals(preambleOf(state, claim(`i${index}`)), "Deno only");
  }
  assertEquals(findGroup(state, "g").group.preambleTo?.length, MAX_PREAMBLE_INSTANCES);
  assertEquals(preambleOf(state, claim("i0")), undefined);
  assertEquals(preambleOf(state, claim("one more")), "Deno only");
  assertEquals(findGroup(state, "g").group.preambleTo?.length, MAX_PREAMBLE_INSTANCES);
  assertEquals(preambleOf(state, claim("i0")), "Deno only");
});

test("an attempt that ends without word of its holder lets it get the preamble again", () => {
  const ends: readonly (readonly [string, CommandOf<CommandType>, number])[] = [
    ["released", release("x", "a"), 10],
    ["released with all of a filter", {
      type: "bulk_update",
      filter: { ids: ["a"] },
      action: { type: "release" },
      isAtomic: true,
    }, 10],
    ["cancelled", cancel("a"), 10],
    ["left", { type: "leave", instance: "x" }, 10],
    ["expired", { type: "sweep" }, 60],
    ["lost", { type: "sweep" }, 110],
    ["failed at its deadline", { type: "sweep" }, 40],
  ];
  for (const [name, end, at] of ends) {
    const settings = {
      group: "g",
      ...(name === "expired" && { timeoutMs: 20 }),
      ...(name === "failed at its deadline" && { deadline: 30, failOnDeadline: true }),
    };
    const state = stateAfter(
      group({ preamble: "Deno only" }),
      create(taskWith(settings, "a"), taskWith({ group: "g" }, "b")),
      { type: "register_instance", instance: "x", settings: name === "lost" ? { ttlMs: 50 } : {} },
    );
    const claimed = run(state, claim("x", "a"), 4);
    assert(claimed.answer.task !== undefined);
    assertEquals(claimed.answer.preamble, "Deno only", name);
    run(state, end, at);
    assert(taskOf(state, "a").status !== "in_progress", name);
    assertEquals(findGroup(state, "g").group.preambleTo, undefined, name);
    run(state, { type: "register_instance", instance: "x", settings: {} }, 200);
    assertEquals(preambleOf(state, claim("x", "b")), "Deno only", name);
  }
});

test("an attempt that its holder ended leaves the preamble told", () => {
  for (const end of [complete("x", "a"), fail("x", "a"), { ...fail("x", "a"), isRetryable: true }]) {
    const state = stateAfter(...PLAN, claim("x", "a"), end);
    assertEquals(preambleOf(state, claim("x", "b")), undefined, end.type);
  }
});

test("the end of one instance's attempt takes the preamble from no other", () => {
  const state = stateAfter(...PLAN, claim("x", "a"), claim("y", "b"), release("x", "a"));
  assertEquals(findGroup(state, "g").group.preambleTo, ["y"]);
  assertEquals(preambleOf(state, claim("y", "a")), undefined);
});

test("a preamble may have so many bytes, and not one more", () => {
  const most = "é".repeat(MAX_PREAMBLE_BYTES / 2);
  given().when(group({ preamble: most })).then({ type: "group.created", group: { id: "g", preamble: most } });
  const why = "Preamble of group g is too long: ";
  given().when(group({ preamble: most + "x" })).thenRefused("limit_exceeded", why);
  given(...PLAN).when(change({ preamble: most + "x" })).thenRefused("limit_exceeded", why);
});

test("a template's group can have a preamble", () => {
  const settings = { preamble: "Deno only" };
  const state = stateAfter(
    { type: "save_template", template: { name: "t", parameters: [], tasks: [newTask("a")] } },
    { type: "apply_template", name: "t", group: "g", settings, parameters: {} },
  );
  assertEquals(preambleOf(state, claim("x")), "Deno only");
});
