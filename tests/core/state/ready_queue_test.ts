/** Shows which of several ready tasks is claimed, where ranks alone don't say. The naive model shows the rest. */

import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { InstanceSettings } from "../../../src/core/model/instance.ts";
import { nextClaim, profileIn } from "../../../src/core/state/next_claim.ts";
import { claimBoostMs } from "../../../src/core/state/ready_queue.ts";
import type { State } from "../../../src/core/state/state.ts";
import { claim, complete, create, newTask, run, stateAfter, taskWith, times } from "../given.ts";
import { assertEquals } from "@std/assert";

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
