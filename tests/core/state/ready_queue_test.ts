/** Shows which of several ready tasks is claimed, where ranks alone don't say. The naive model shows the rest. */

import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { InstanceSettings } from "../../../src/core/model/instance.ts";
import { firstAnswerable, nextClaim, profileIn } from "../../../src/core/state/next_claim.ts";
import { claimBoostMs } from "../../../src/core/state/ready_queue.ts";
import type { State } from "../../../src/core/state/state.ts";
import { claim, complete, create, newTask, run, stateAfter, taskWith, times, waiting } from "../given.ts";
import { assert, assertEquals } from "@std/assert";

Deno.test({
  name: "among equals what only one instance can do goes first, then what continues its own work, then the order",
  permissions: "none",
  fn() {
    const state = stateAfter(
      register("one", { capabilities: ["gpu"] }),
      register("two", {}),
      create(newTask("root"), newTask("theirs"), newTask("own")),
      claim("one", "theirs"),
      claim("two", "own"),
      complete("one", "theirs"),
      complete("two", "own"),
      claim("x", "root"),
      create(
        newTask("a", "root", "theirs"),
        newTask("b", "root", "own"),
        taskWith({ capabilities: ["gpu"] }, "special", "root"),
      ),
      complete("x", "root"),
    );
    assertEquals(nextFor(state, "one"), "special");
    assertEquals(nextFor(state, "two"), "b");
    assertEquals(nextFor(state, "three"), "a");
    // Once another one can do it too, it is a task like others.
    run(state, register("three", { capabilities: ["gpu"] }), 50);
    assertEquals(nextFor(state, "one"), "a");
    // And again, whichever way that one goes.
    run(state, { type: "leave", instance: "three" }, 51);
    assertEquals(nextFor(state, "one"), "special");
    run(state, register("three", { capabilities: ["gpu", "net"], ttlMs: 10 }), 52);
    assertEquals(nextFor(state, "one"), "a");
    run(state, { type: "sweep" }, 100);
    assertEquals(nextFor(state, "one"), "special");
    run(state, { type: "heartbeat", instance: "three" }, 101);
    assertEquals(nextFor(state, "one"), "a");
    run(state, register("three", { capabilities: ["net"] }), 102);
    assertEquals(nextFor(state, "one"), "special");
  },
});

Deno.test({
  name: "each instance finds its own task among thousands of kinds, whoever registers in between",
  permissions: "none",
  fn() {
    const count = 2_000;
    const state = stateAfter(
      create(...times(count / 2, (index) => taskWith({ role: `role${index}` }, `a${index}`))),
      create(...times(count / 2, (index) => taskWith({ role: `role${index + count / 2}` }, `b${index}`))),
    );
    for (const index of [0, 999, 500]) {
      run(state, register(`worker${index}`, { roles: [`role${index}`, `role${index + count / 2}`] }), 10);
      assertEquals(nextFor(state, `worker${index}`), `a${index}`);
      run(state, claim(`worker${index}`), 11);
      assertEquals(nextFor(state, `worker${index}`), `b${index}`);
    }
    assertEquals(nextFor(state, "nobody"), undefined);
  },
});

Deno.test({
  name: "taking a lock that 1,000 kinds of tasks name moves none of them, nor does giving it back",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(...times(500, (index) => taskWith({ locks: ["shared", `own${index}`] }, `a${index}`))),
      create(...times(500, (index) => taskWith({ locks: ["shared"], role: `r${index}` }, `b${index}`))),
      create(newTask("last")),
    );
    let moves = 0;
    const lanes = [...state.locks.get("shared")?.lanes ?? []];
    assertEquals(lanes.length, 1_000);
    for (const lane of lanes) {
      let { heapIndex } = lane;
      Object.defineProperty(lane, "heapIndex", { get: () => heapIndex, set: (to) => (moves++, heapIndex = to) });
    }
    run(state, claim("x", "a499"), 10);
    assertEquals(nextFor(state, "y"), "last");
    run(state, complete("x", "a499"), 11);
    assertEquals(nextFor(state, "y"), "a0");
    // Only the lane of a499 was taken out, and another one put in its place.
    assert(moves <= 20, `${moves} moves`);
  },
});

Deno.test({
  name: "who of 128 waiting instances is served first is found in one pass over 10,000 buckets",
  permissions: "none",
  fn() {
    const count = 10_000;
    const state = stateAfter(
      ...times(count / 500, (batch) =>
        create(...times(500, (index) => {
          const id = `t${batch * 500 + index}`;
          return index % 2 === 0
            ? taskWith({ role: id, capabilities: ["shared"] }, id)
            : taskWith({ assignTo: { instance: `i${id}` } }, id);
        }))),
    );
    let looks = 0;
    for (const bucket of state.ready.buckets.values()) {
      const { requirement } = bucket;
      Object.defineProperty(bucket, "requirement", { get: () => (looks++, requirement) });
    }
    assertEquals(state.ready.buckets.size, count);
    const claims = times(128, (index) => ({ ...claim(`w${index}`), roles: [`r${index}`], capabilities: ["shared"] }));
    assertEquals(firstAnswerable(state, waiting(...claims)), undefined);
    assert(looks <= 2 * count, `${looks} looks`);
    looks = 0;
    assertEquals(
      firstAnswerable(state, waiting(...claims, { ...claim("late"), roles: ["t500"], capabilities: ["shared"] })),
      128,
    );
    assertEquals(firstAnswerable(state, waiting(claim("x"), claim("it7"), claim("it9"))), 1);
    assert(looks <= 2 * (2 * count + 200), `${looks} looks`);
  },
});

Deno.test({
  name: "buckets that ask the same share what is known of the active instances",
  permissions: "none",
  fn() {
    const groups = times(100, (index) => ({ type: "create_group" as const, id: `g${index}`, settings: {} }));
    const state = stateAfter(
      register("one", { capabilities: ["gpu"] }),
      ...groups,
      create(...groups.map(({ id }) => taskWith({ group: id, capabilities: ["gpu"] }, `in ${id}`))),
    );
    const { demands } = state.ready.fleet;
    assertEquals(Array.from(demands.values(), ({ able, buckets }) => [able, buckets]), [[1, 100]]);
    run(state, register("two", { capabilities: ["gpu", "net"] }), 200);
    assertEquals(Array.from(demands.values(), ({ able, buckets }) => [able, buckets]), [[2, 100]]);
    for (const { id } of groups) run(state, { type: "delete_task", id: `in ${id}` }, 201);
    assertEquals(demands.size, 0);
  },
});

Deno.test({
  name: "a lock is free again for others once its holder hands the task back to wait for more",
  permissions: "none",
  fn() {
    const locked = { locks: ["l"] };
    const state = stateAfter(
      create(taskWith(locked, "a"), taskWith(locked, "b"), newTask("c")),
      claim("x", "c"),
      claim("x", "a"),
    );
    assertEquals(nextFor(state, "y"), undefined);
    run(state, { type: "release_task", id: "a", instance: "x", dependencies: ["c"] }, 9);
    assertEquals(nextFor(state, "y"), "b");
  },
});

Deno.test({
  name: "priorities bring a claim forward by nothing, ten minutes and an hour",
  permissions: "none",
  fn() {
    assertEquals((["low", "normal", "high"] as const).map(claimBoostMs), [0, 600_000, 3_600_000]);
    assertEquals(claimBoostMs(undefined), claimBoostMs("normal"));
  },
});

function register(instance: string, settings: InstanceSettings): CommandOf<"register_instance"> {
  return { type: "register_instance", instance, settings };
}

function nextFor(state: State, instance: string): string | undefined {
  return nextClaim(state, profileIn(state, instance))?.task.id;
}
