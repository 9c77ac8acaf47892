/** Shows what is kept of instances: who is remembered and who forgotten, when each was seen, and until when it is there. */

import type { CommandOf, CommandType } from "../../../src/core/messages/commands.ts";
import type { Instance, InstanceSettings } from "../../../src/core/model/instance.ts";
import { MAX_INSTANCES, MAX_METADATA, MAX_METADATA_BYTES, MAX_SCANNED } from "../../../src/core/model/limits.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { listInstances } from "../../../src/core/views/instance_list.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import {
  claim,
  claimingAs,
  create,
  given,
  newTask,
  refusalOf,
  run,
  stateAfter,
  taskOf,
  taskWith,
  times,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";

Deno.test({
  name:
    "10,000 instances may register, and one more only where one is gone: the one that was last seen first is forgotten",
  permissions: "none",
  fn() {
    for (const end of ["left", "lost"] as const) {
      const state = emptyState();
      const seen = (instance: string, at: number) =>
        evolve(state, { type: "instance.registered", instance, settings: {} }, at);
      for (const index of times(MAX_INSTANCES - 1, (index) => index)) seen(`i${index}`, 1);
      // The order in which they registered, were seen and were forgotten shall differ.
      for (const [instance, at] of [["i7", 2], ["i3", 3], ["i5", 4]] as const) seen(instance, at);
      for (const instance of ["i7", "i3", "i5"]) {
        evolve(
          state,
          end === "left" ? { type: "instance.left", instance } : { type: "instance.lost", instance, tasks: [] },
          5,
        );
      }
      run(state, register("last"), 6);
      assertEquals([state.instances.size, state.instances.has("i7")], [MAX_INSTANCES, true]);
      run(state, register("again"), 7);
      run(state, register("again"), 8);
      assertEquals([state.instances.size, gone(state)], [MAX_INSTANCES, ["i3", "i5"]]);
      run(state, register("more"), 9);
      assertEquals([state.instances.size, gone(state)], [MAX_INSTANCES, ["i5"]]);
      run(state, register("i5"), 10);
      const { code, data } = refusalOf(() => run(state, register("one more"), 11));
      assertEquals([code, data], ["limit_exceeded", { limit: MAX_INSTANCES }]);
    }
  },
});

Deno.test({
  name: "of a list of instances as many are shown as asked for, from its beginning, and the total counts all",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b")),
      ...["z", "y", "x", "gone"].map((instance) => register(instance)),
      { type: "leave", instance: "gone" },
      claim("v", "a"),
      claim("u", "b"),
    );
    for (const all of [false, true]) {
      const ids = ["z", "y", "x", ...(all ? ["gone"] : []), "u", "v", "w"];
      for (const limit of times(ids.length + 2, (index) => index)) {
        const { shown, total } = listInstances(state, { limit, all, waiting: new Set(["w", "u", "x"]) });
        assertEquals([shown.map(({ id }) => id), total], [ids.slice(0, limit), ids.length], `limit ${limit}`);
      }
    }
  },
});

Deno.test({
  name:
    "whoever registers again has been there since the first time, and is seen now; what it does not say again is gone",
  permissions: "none",
  fn() {
    const state = stateAfter(register("x", { roles: ["r"], ttlMs: 100 }), register("x", { ttlMs: 50 }));
    assertEquals(instanceOf(state, "x"), {
      id: "x",
      status: "active",
      registeredAt: 1,
      seenAt: 2,
      ttlMs: 50,
      expiresAt: 52,
    });
    run(state, { type: "leave", instance: "x" }, 3);
    run(state, register("x"), 4);
    assertEquals(instanceOf(state, "x"), { id: "x", status: "active", registeredAt: 1, seenAt: 4 });
  },
});

Deno.test({
  name:
    "a sign of life that is written moves when an instance was seen and until when it is there, also while it drains",
  permissions: "none",
  fn() {
    for (const isDraining of [false, true]) {
      const state = stateAfter(create(newTask("a")), register("x", { ttlMs: 100 }), claim("x", "a"));
      if (isDraining) run(state, { type: "leave", instance: "x", isDraining }, 4);
      const { seenAt: seenBefore, expiresAt: before = 0 } = instanceOf(state, "x");
      // The first call after half of the margin is written.
      const at = before - 10;
      run(state, { type: "heartbeat", instance: "x" }, at);
      const { status, seenAt, registeredAt, expiresAt } = instanceOf(state, "x");
      assertEquals({ status, seenAt, registeredAt, expiresAt }, {
        status: isDraining ? "draining" : "active",
        seenAt: at,
        registeredAt: 2,
        expiresAt: at + 150,
      });
      assertEquals(seenBefore < at, true);
      assertEquals(run(state, { type: "sweep" }, at + 149).events, []);
      const { events } = run(state, { type: "sweep" }, at + 150);
      assertEquals(events.map(({ type }) => type), ["attempt.ended", "instance.lost"]);
    }
  },
});

Deno.test({
  name: "an instance may have 32 entries of metadata, with 1,024 bytes in each key and value, but not one more",
  permissions: "none",
  fn() {
    const entries = (count: number) => Object.fromEntries(times(count, (index) => [`key${index}`, "value"]));
    const longest = "é".repeat(MAX_METADATA_BYTES / 2);
    for (const metadata of [entries(MAX_METADATA - 1), entries(MAX_METADATA), { [longest]: "" }, { key: longest }]) {
      given().when(register("x", { metadata }))
        .then({ type: "instance.registered", instance: "x", settings: { metadata } });
    }
    const limit = MAX_METADATA;
    given().when(register("x", { metadata: entries(limit + 1) }))
      .thenRefused("limit_exceeded", "Metadata of instance x is too long", { count: limit + 1, limit });
    const [bytes, most] = [MAX_METADATA_BYTES + 1, MAX_METADATA_BYTES];
    for (const metadata of [{ [`${longest}a`]: "" }, { key: `${longest}a` }]) {
      given().when(register("x", { metadata }))
        .thenRefused("limit_exceeded", "Metadata of instance x is too long", { bytes, limit: most });
    }
  },
});

Deno.test({
  name: "a call extends the leases of what its instance goes on holding, not that of the task that it ends",
  permissions: "none",
  fn() {
    const history = [
      create(...["a", "b"].map((id) => taskWith({ timeoutMs: 100, backoff: { initialIntervalMs: 5 } }, id))),
      ...[claim("x", "a"), claim("x", "b")],
    ];
    const holding = { id: "a", instance: "x" };
    for (
      const [call, extended] of [
        [{ type: "complete_task", ...holding, result: "" }, ["b"]],
        [{ type: "fail_task", ...holding, error: "" }, ["b"]],
        [{ type: "fail_task", ...holding, error: "", isRetryable: true }, ["b"]],
        [{ type: "report_progress", ...holding }, ["a", "b"]],
        [{ type: "heartbeat", instance: "x" }, ["a", "b"]],
        [{ type: "claim_task", instance: "x" }, ["a", "b"]],
      ] as const
    ) {
      const state = stateAfter(...history);
      const { events } = run<CommandType>(state, call, 60);
      assertEquals(events[0], { type: "instance.renewed", instance: "x" });
      for (const id of extended) assertEquals(taskOf(state, id).leaseUntil, 210, call.type);
    }
  },
});

Deno.test({
  name: "an instance that is lost while it drains gets no task when it calls, and leaves at once",
  permissions: "none",
  fn() {
    const lost = [
      create(newTask("a"), newTask("b")),
      register("x", { ttlMs: 100 }),
      claim("x", "a"),
      { type: "leave", instance: "x", isDraining: true },
    ] as const;
    const renewed = { type: "instance.renewed", instance: "x", expiresAt: 200 + 150 } as const;
    for (const command of [{ type: "heartbeat", instance: "x" }, claim("x")] as const) {
      const state = stateAfter(...lost);
      run(state, { type: "sweep" }, 160);
      const { status, wasDraining } = state.instances.get("x")?.instance ?? {};
      assertEquals([status, wasDraining], ["lost", true]);
      assertEquals(noTasks(state, claimingAs(state, "x")).reason, "draining");
      assertEquals(run<CommandType>(restore(snapshotOf(state)), command, 200).events, [
        { ...renewed, isTold: true, isDraining: true },
        { type: "instance.left", instance: "x" },
      ]);
      run<CommandType>(state, command, 200);
      assertEquals(state.instances.get("x")?.instance.status, "left");
      assertEquals("wasDraining" in (state.instances.get("x")?.instance ?? {}), false);
      assertEquals(run(state, claim("x"), 201).answer.task, undefined);
    }
    const claimed = stateAfter(...lost);
    run(claimed, { type: "sweep" }, 160);
    assertEquals(refusalOf(() => run(claimed, claim("x", "b"), 200)).code, "not_eligible");
    const again = stateAfter(...lost);
    run(again, { type: "sweep" }, 160);
    run(again, register("x", { ttlMs: 100 }), 200);
    assertEquals(run(again, claim("x"), 201).answer.task?.id, "b");
    // An instance that did not drain, or a return in a journal of format 2, is active.
    const old = stateAfter(...lost);
    run(old, { type: "sweep" }, 160);
    evolve(old, { ...renewed, leases: [] }, 200);
    assertEquals(old.instances.get("x")?.instance.status, "active");
  },
});

Deno.test({
  name: "a renewal that lists leases, as in format 2, extends these alone",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(...["a", "b"].map((id) => taskWith({ timeoutMs: 100 }, id))),
      ...[claim("x", "a"), claim("x", "b")],
      { type: "instance.renewed", instance: "x", leases: [{ id: "b", until: 999 }] },
    );
    assertEquals(["a", "b"].map((id) => taskOf(state, id).leaseUntil), [153, 999]);
  },
});

Deno.test({
  name: "a heartbeat tells of the first 100 tasks that an instance holds",
  permissions: "none",
  fn() {
    for (const count of [MAX_SCANNED - 1, MAX_SCANNED, MAX_SCANNED + 1]) {
      const ids = times(count, (index) => `t${index}`);
      const state = stateAfter(create(...ids.map((id) => newTask(id))));
      for (const id of ids.toReversed()) run(state, claim("x", id), 2);
      const { holding } = run(state, { type: "heartbeat", instance: "x" }, 3).answer;
      assertEquals(holding.map(({ id }) => id), ids.slice(0, MAX_SCANNED));
    }
  },
});

function register(instance: string, settings: InstanceSettings = {}): CommandOf<"register_instance"> {
  return { type: "register_instance", instance, settings };
}

function instanceOf(state: State, id: string): Instance {
  const node = state.instances.get(id);
  assert(node !== undefined, `no instance ${id}`);
  return node.instance;
}

/** The ids of those that have left or were lost and are remembered. */
function gone(state: State): string[] {
  return Array.from(state.instances.values(), ({ instance }) => instance)
    .filter(({ status }) => status === "left" || status === "lost").map(({ id }) => id);
}
