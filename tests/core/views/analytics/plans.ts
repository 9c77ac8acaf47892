/** Plans whose tasks and durations are given, for tests of their analysis. */

import fc from "fast-check";
import type { Plan, PlannedTask } from "../../../../src/core/messages/analysis.ts";
import type { Dependency } from "../../../../src/core/model/dependency.ts";
import type { Task } from "../../../../src/core/model/task.ts";
import { type Remaining, remainingOf } from "../../../../src/core/views/analytics/remaining.ts";
import { oldTask } from "../../given.ts";

/** A completed task of a role that took so long, so that other tasks of the role are expected to. */
export function took(role: string, durationMs: number, index = 0): Task {
  return oldTask(`past-${role}-${index}`, {
    role,
    status: "completed",
    assignedTo: "x",
    attempt: 1,
    startedAt: 0,
    finishedAt: durationMs,
  });
}

/** A waiting task of a role. */
export function waits(id: string, role: string, ...dependencies: readonly Dependency[]): PlannedTask {
  const readiness = dependencies.length === 0 ? "ready" : "waiting";
  return { task: oldTask(id, { role, dependencies }), readiness };
}

export function planWith(...tasks: readonly (PlannedTask | Task)[]): Plan {
  const planned = tasks.map((each) => "task" in each ? each : { task: each });
  return { tasks: planned, groups: [], instances: [], now: 0 };
}

/** Three completed tasks of each role: enough to tell how long a fourth takes. */
export function roles(durations: Readonly<Record<string, number>>): readonly Task[] {
  return Object.entries(durations).flatMap(([role, durationMs]) => [0, 1, 2].map((n) => took(role, durationMs, n)));
}

export function remaining(plan: Plan): Remaining {
  return finish(remainingOf(plan));
}

/** What a computation returns that is not paused. */
export function finish<T>(computation: Generator<void, T>): T {
  while (true) {
    const { done, value } = computation.next();
    if (done === true) return value;
  }
}

/** Random plans: 1 to 12 tasks of roles that take 1, 2, 3 and 5 minutes, each after some of those before it. */
export const randomPlans: fc.Arbitrary<Plan> = fc.array(
  fc.record({ role: fc.constantFrom("r1", "r2", "r3", "r5"), after: fc.array(fc.nat(11), { maxLength: 3 }) }),
  { minLength: 1, maxLength: 12 },
).map((tasks) =>
  planWith(
    ...roles({ r1: 60_000, r2: 120_000, r3: 180_000, r5: 300_000 }),
    ...tasks.map(({ role, after }, index) => {
      const names = new Set(after.filter((each) => each < index).map((each) => `t${each}`));
      return waits(`t${index}`, role, ...names);
    }),
  )
);
