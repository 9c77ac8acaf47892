/** Shows that nothing is kept of what is gone. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { crowds, gatherings, INSTANCES, turns } from "../arbitraries.ts";
import { run } from "../given.ts";
import { attempt, play } from "../play.ts";
import { untilReached } from "../until_reached.ts";

Deno.test({
  name: "after any history a state holds no more than one that is made from a snapshot of it",
  permissions: "none",
  fn() {
    for (const [histories, numRuns] of [[turns(), 150], [gatherings(), 100], [crowds(), 100]] as const) {
      fc.assert(
        fc.property(histories, (turns) => {
          const state = play(turns);
          const restored = restore(snapshotOf(state));
          advanceClock(restored, state.now);
          assertEquals(sizesOf(state), sizesOf(restored));
        }),
        { numRuns },
      );
    }
  },
});

Deno.test({
  name:
    "after any history in which all tasks and groups were deleted and everybody left, nothing is held but who was there",
  permissions: "none",
  fn() {
    let deleted = 0;
    untilReached(() => {
      for (const histories of [turns(), gatherings(), crowds()]) {
        fc.assert(
          fc.property(histories, (turns) => {
            const state = play(turns);
            deleted += state.tasks.size + state.groups.size;
            deleteAll(state);
            // Instances, saved templates, the last attempts of removed tasks, the audiences of groups and the statistics of
            // tasks without one are kept on purpose.
            const { instances: _i, templates: _t, removed: _r, pastAudiences: _a, statistics: _s, ...rest } = state;
            const { instances: _n, templates: _o, removed: _m, pastAudiences: _u, statistics: _c, ...empty } =
              emptyState();
            assertEquals(sizesOf(rest), sizesOf(empty));
            assertEquals([rest.counts, rest.standings, rest.overdue, rest.ready.limited], [
              empty.counts,
              empty.standings,
              0,
              0,
            ]);
          }),
          { numRuns: 100 },
        );
      }
    }, { isReached: () => deleted > 1_000, told: () => `only ${deleted} tasks and groups were deleted` });
  },
});

function deleteAll(state: State): void {
  const at = state.now;
  // What is running or has dependents goes once what keeps it is gone.
  for (const { task } of [...state.tasks.values()]) {
    if (attempt(state, { type: "cancel_task", id: task.id }) !== undefined) {
      run(state, { type: "cancel_task", id: task.id }, at);
    }
  }
  const ids = [...state.tasks.keys()];
  if (ids.length > 0) {
    run(state, { type: "bulk_update", filter: { ids }, action: { type: "delete" }, isAtomic: true }, at);
  }
  for (const id of [...state.groups.keys()]) run(state, { type: "delete_group", id }, at);
  for (const name of [...state.tokens.keys()]) run(state, { type: "revoke_token", name }, at);
  for (const name of [...state.webhooks.keys()]) run(state, { type: "remove_webhook", name }, at);
  for (const instance of INSTANCES) {
    // Each is told what was cancelled under it.
    run(state, { type: "heartbeat", instance }, at);
    if (state.instances.has(instance)) run(state, { type: "leave", instance }, at);
  }
  assertEquals([state.tasks.size, state.groups.size], [0, 0]);
}

/** How many entries all maps, sets and arrays have together that can be reached by the same names. */
function sizesOf(root: object): Readonly<Record<string, number>> {
  const sizes = new Map<string, number>();
  const seen = new Set<unknown>([root]);
  const toVisit: (readonly [name: string, value: unknown])[] = [["", root]];
  for (let next = toVisit.pop(); next !== undefined; next = toVisit.pop()) {
    const [name, value] = next;
    if (typeof value !== "object" || value === null) continue;
    const children = value instanceof Map
      ? [...value.values()].map((child) => [name, child] as const)
      : Array.isArray(value) || value instanceof Set
      ? Array.from(value, (child) => [name, child] as const)
      : Object.entries(value);
    const isCollection = value instanceof Map || value instanceof Set || Array.isArray(value);
    if (isCollection && children.length > 0) sizes.set(name, (sizes.get(name) ?? 0) + children.length);
    for (const child of children) {
      if (seen.has(child[1])) continue;
      if (typeof child[1] === "object") seen.add(child[1]);
      toVisit.push(child);
    }
  }
  return Object.fromEntries([...sizes].sort(([a], [b]) => a < b ? -1 : 1));
}
