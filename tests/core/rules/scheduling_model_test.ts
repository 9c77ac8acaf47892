/** Shows that the core decides as a model does that remembers nothing and looks at everything, time included. */

import fc from "fast-check";
import type { CommandType } from "../../../src/core/messages/commands.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { END_STATUSES, type Readiness, READINESSES, TASK_STATUSES } from "../../../src/core/model/status.ts";
import type { Assignment, NewTask, Priority, TaskSettings } from "../../../src/core/model/task.ts";
import { advanceClock, evolve } from "../../../src/core/state/evolve.ts";
import { nextClaim, profileIn } from "../../../src/core/state/next_claim.ts";
import { readinessOf } from "../../../src/core/state/readiness.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { summarize } from "../../../src/core/views/tasks.ts";
import { create, runWhole, taskWith, times } from "../given.ts";
import { RESULTS } from "../naive_dependencies.ts";
import {
  carryOut,
  claimAtOf,
  exclusionsOf,
  type Model,
  type ModelCommand,
  type ModelOutcome,
  newModel,
  readinessIn,
} from "../naive_model.ts";
import { dependenciesOver } from "../random_dependencies.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assertEquals } from "@std/assert";
import { untilReached } from "../until_reached.ts";

Deno.test({
  name: "the core accepts, refuses, hands out and ends what the naive model does, after any history",
  permissions: "none",
  fn() {
    const seen = new Map<string, number>();
    untilReached(() => {
      fc.assert(
        fc.property(history(), (turns) => {
          const state = emptyState();
          const model = newModel();
          const records: { readonly events: readonly Event[]; readonly at: number }[] = [];
          let clock = 1_000_000;
          for (const turn of turns) {
            clock += turn.delta;
            const command = steered(model, turn);
            const recordedAt = model.recordedAt;
            const expected = carryOut(model, command, clock);
            const told = JSON.stringify(command);
            const { outcome, events } = outcomeOf(state, command, clock);
            assertEquals(outcome, expected, told);
            records.push({ events, at: clock });
            // Progress, and what instances say of themselves, is recorded though the model knows nothing of it.
            if (events.length > 0) model.recordedAt = Math.max(recordedAt, clock);
            assertSame(state, model, told);
            const what = `${command.type} ${expected.code ?? expected.reason ?? "ok"}`;
            const excluded = command.type === "claim_task" ? exclusionsOf(model, command.instance) : [];
            const archived = events.some(({ type }) => type === "tasks.archived") ? ["archived"] : [];
            for (const each of [what, ...archived, ...excluded.map((as) => `kept from its ${as}`)]) {
              seen.set(each, (seen.get(each) ?? 0) + 1);
            }
          }
          const others = [emptyState(), restore(snapshotOf(state))];
          for (const { events, at } of records) for (const event of events) evolve(others[0]!, event, at);
          for (const other of others) {
            advanceClock(other, state.now);
            assertEquals(snapshotOf(other), snapshotOf(state));
            assertSame(other, model, "made again from its records, or from a snapshot");
            for (const instance of INSTANCES) assertEquals(nextIn(other, instance), nextIn(state, instance));
          }
        }),
        { numRuns: 300 },
      );
    }, {
      isReached: () => EXPECTED.every((what) => seen.has(what)),
      told: () => `none of ${EXPECTED.filter((what) => !seen.has(what))}: ${told(seen)}`,
    });
  },
});

/** What must have happened for the comparison to mean something. */
const EXPECTED = [
  "create_tasks ok",
  "create_tasks cycle",
  "update_task ok",
  "update_task cycle",
  "update_task wrong_state",
  "delete_task ok",
  "delete_task has_dependents",
  "archive_tasks ok",
  "archive_tasks invalid_value",
  "archive_tasks not_found",
  "archived",
  "claim_task ok",
  "claim_task not_ready",
  "claim_task not_eligible",
  "claim_task limit_reached",
  "claim_task wrong_state",
  "claim_task waiting",
  "claim_task no_match",
  "claim_task limited",
  "claim_task delayed",
  "claim_task at_capacity",
  "claim_task blocked",
  "claim_task not_found",
  "claim_task no_tasks_exist",
  "complete_task ok",
  "complete_task stale_attempt",
  "complete_task not_holder",
  "fail_task ok",
  "report_progress ok",
  "release_task ok",
  "cancel_task ok",
  "retry_task ok",
  "leave ok",
  "heartbeat ok",
  "sweep ok",
  "kept from its author",
  "kept from its earlier author",
  "kept from its holder",
];

interface Turn {
  /** By how much the clock has moved since the turn before, in milliseconds. */
  readonly delta: number;
  readonly command: ModelCommand;
  /** Speaks for a held task as its holder, or for one that was taken from an instance as that one. */
  readonly as: "anyone" | "holder" | "former holder";
  readonly pick: number;
  readonly fence: "none" | "current" | "old";
}

const IDS = times(6, (index) => `t${index}`);
const GROUPS = ["g", "h"];
const INSTANCES = ["x", "y", "z"];

/** Groups and most of the tasks, and then whatever comes. */
function history(): fc.Arbitrary<readonly Turn[]> {
  const groups = GROUPS.map((id): ModelCommand => ({ type: "create_group", id, settings: {} }));
  const tasks = fc.tuple(...IDS.map((_, index) => creationOf(index))).chain((all) => {
    return fc.subarray(all.map((task): ModelCommand => create(task)), { minLength: 3 });
  });
  const first = tasks.map((tasks) =>
    [...groups, ...tasks].map((command): Turn => ({ delta: 1, command, as: "anyone", pick: 0, fence: "none" }))
  );
  return fc.tuple(first, fc.array(turn(), { maxLength: 100, size: "max" })).map(([first, rest]) => [...first, ...rest]);
}

function turn(): fc.Arbitrary<Turn> {
  return fc.record({
    delta: fc.oneof(
      { arbitrary: fc.nat(15), weight: 12 },
      { arbitrary: fc.constant(0), weight: 4 },
      { arbitrary: fc.integer({ min: -60, max: -1 }), weight: 2 },
      { arbitrary: fc.constantFrom(60, 300_000, 3_600_000), weight: 2 },
    ),
    command: command(),
    as: fc.constantFrom("anyone", "holder", "holder", "holder", "former holder"),
    pick: fc.nat(),
    fence: fc.constantFrom("none", "none", "current", "old"),
  });
}

function steered(model: Model, { command, as, pick, fence }: Turn): ModelCommand {
  if (command.type === "retry_task" && pick % 2 === 0) {
    // By chance, few tasks are completed twice.
    const completed = model.tasks.filter(({ status }) => status === "completed");
    return { ...command, id: completed[pick % (completed.length || 1)]?.said.id ?? command.id };
  }
  if (!("instance" in command) || !("id" in command) || command.id === undefined || as === "anyone") return command;
  if (command.type === "claim_task" && pick % 4 > 1) return command;
  if (command.type === "claim_task" && pick % 4 === 1) {
    // What its group or a lock keeps is seldom met by chance.
    const limited = model.tasks.filter((task) => readinessIn(model, task) === "limited");
    return { ...command, id: limited[pick % (limited.length || 1)]?.said.id ?? command.id };
  }
  const holdings = model.tasks.flatMap(({ said: { id }, status, holder, attempt, last }) => {
    if (as === "former holder") {
      return last === undefined ? [] : [{ id, instance: last.instance, attempt: last.attempt }];
    }
    return status === "in_progress" && holder !== undefined ? [{ id, instance: holder, attempt }] : [];
  });
  if (holdings.length === 0) return command;
  const { id, instance, attempt } = holdings[pick % holdings.length]!;
  const isFenced = command.type !== "claim_task" && command.type !== "cancel_task" && command.type !== "add_note";
  if (!isFenced || fence === "none") return { ...command, id, instance };
  return { ...command, id, instance, attempt: fence === "current" ? attempt : Math.max(0, attempt - 1) };
}

/** What the core makes of a command, in the model's words. */
function outcomeOf(
  state: State,
  command: ModelCommand,
  at: number,
): { readonly outcome: ModelOutcome; readonly events: readonly Event[] } {
  try {
    const { answer, events } = runWhole<CommandType>(state, command, at);
    if (command.type !== "claim_task" || "url" in answer || !("task" in answer)) return { outcome: {}, events };
    return { outcome: "none" in answer ? { reason: answer.none.reason } : { claimed: answer.task.id }, events };
  } catch (error) {
    if (error instanceof Refusal) return { outcome: { code: error.code }, events: [] };
    throw error;
  }
}

function nextIn(state: State, instance: string): string | undefined {
  return nextClaim(state, profileIn(state, instance))?.task.id;
}

function assertSame(state: State, model: Model, told: string): void {
  const actual = Array.from(state.tasks.values(), (node) => {
    const { task, claimAt } = node;
    const readiness = readinessOf(node);
    const last = task.pastAttempts?.at(-1);
    return {
      id: task.id,
      status: task.status,
      readiness,
      claimAt: isClaimOrdered(readiness) ? claimAt : undefined,
      attempt: task.attempt,
      holder: task.assignedTo,
      leaseUntil: task.leaseUntil,
      retryAt: task.retryAt ?? 0,
      failures: task.failures ?? 0,
      isOverdue: task.overdue === true,
      last: task.status === "completed" ? undefined : last && [last.attempt, last.instance, last.outcome],
    };
  });
  const expected = model.tasks.map((task) => {
    const readiness = readinessIn(model, task);
    const { last } = task;
    return {
      id: task.said.id,
      status: task.status,
      readiness,
      claimAt: isClaimOrdered(readiness) ? claimAtOf(task) : undefined,
      attempt: task.attempt,
      holder: task.holder,
      leaseUntil: task.leaseUntil,
      retryAt: task.status === "pending" ? task.retryAt : 0,
      failures: task.failures,
      isOverdue: task.isOverdue,
      last: task.status === "completed" ? undefined : last && [last.attempt, last.instance, last.outcome],
    };
  });
  assertEquals(actual, expected, told);
  assertEquals(
    Array.from(state.instances.values(), ({ instance: { id, status, expiresAt } }) => ({ id, status, expiresAt })),
    model.instances.map(({ id, status, expiresAt }) => ({ id, status, expiresAt })),
    told,
  );
  const held = Array.from(state.held, ([id, nodes]) => [id, Array.from(nodes, ({ task }) => task.id).sort()] as const);
  const holders = new Set(
    model.tasks.filter(({ status }) => status === "in_progress").map(({ holder }) => holder ?? ""),
  );
  assertEquals(
    new Map(held),
    new Map([...holders].map((holder) => [
      holder,
      model.tasks.filter((task) => task.status === "in_progress" && task.holder === holder)
        .map(({ said }) => said.id).sort(),
    ])),
    told,
  );
  for (const status of TASK_STATUSES) {
    assertEquals(state.counts[status], expected.filter((task) => task.status === status).length, status);
  }
  const summary = summarize(state);
  for (const readiness of READINESSES) {
    assertEquals(summary[readiness], expected.filter((task) => task.readiness === readiness).length, told);
  }
  assertEquals([state.now, state.recordedAt], [model.now, model.recordedAt], told);
}

function isClaimOrdered(readiness: Readiness | undefined): boolean {
  return readiness === "ready" || readiness === "limited";
}

function told(seen: ReadonlyMap<string, number>): string {
  return JSON.stringify([...seen].sort(([a], [b]) => a < b ? -1 : 1));
}

function command(): fc.Arbitrary<ModelCommand> {
  const id = fc.constantFrom(...IDS);
  const instance = fc.constantFrom(...INSTANCES);
  const holding = { id, instance };
  const offers = fc.record({
    roles: fc.subarray(["dev", "ops"]),
    capabilities: fc.subarray(["gpu"]),
  }, { requiredKeys: [] });
  const weighted: readonly (readonly [number, fc.Arbitrary<ModelCommand>])[] = [
    [4, creation()],
    [
      2,
      fc.nat(IDS.length - 1).chain((index) =>
        fc.record({
          type: fc.constant("update_task" as const),
          id: fc.constant(IDS[index]!),
          dependencies: dependenciesOver(namesFor(index, true)),
        })
      ),
    ],
    [2, fc.record({ type: fc.constant("update_task" as const), id, settings: changes() })],
    [1, fc.record({ type: fc.constant("delete_task" as const), id })],
    [
      2,
      fc.record({
        type: fc.constant("archive_tasks" as const),
        filter: fc.oneof(
          fc.constantFrom({ group: "g" }, { group: "none" }, {}),
          fc.record({ status: fc.subarray([...END_STATUSES], { minLength: 2 }) }),
        ),
      }),
    ],
    [
      10,
      fc.tuple(
        instance,
        fc.oneof({ arbitrary: fc.constant({}), weight: 3 }, offers),
        fc.constantFrom({}, {}, { group: "g" }, { group: "none" }),
      ).map((
        [instance, offers, scope],
      ) => ({
        type: "claim_task" as const,
        instance,
        ...offers,
        ...scope,
      })),
    ],
    [5, fc.record({ type: fc.constant("claim_task" as const), ...holding })],
    [4, fc.record({ type: fc.constant("report_progress" as const), ...holding })],
    [6, fc.record({ type: fc.constant("complete_task" as const), ...holding, result: fc.constantFrom(...RESULTS) })],
    [
      5,
      fc.record({
        type: fc.constant("fail_task" as const),
        ...holding,
        error: fc.constantFrom("broken", "lost it"),
        isRetryable: fc.boolean(),
      }),
    ],
    [2, fc.record({ type: fc.constant("release_task" as const), ...holding })],
    [
      1,
      fc.nat(IDS.length - 1).chain((index) =>
        fc.record({
          type: fc.constant("release_task" as const),
          id: fc.constant(IDS[index]!),
          instance,
          dependencies: dependenciesOver(namesFor(index, true)),
        })
      ),
    ],
    [1, fc.record({ type: fc.constant("cancel_task" as const), id })],
    [4, fc.record({ type: fc.constant("retry_task" as const), id })],
    [3, registration()],
    [2, fc.record({ type: fc.constant("heartbeat" as const), instance })],
    [2, fc.record({ type: fc.constant("leave" as const), instance, isDraining: fc.constantFrom(true, true, false) })],
    [
      2,
      fc.record({
        type: fc.constant("update_group" as const),
        id: fc.constantFrom(...GROUPS),
        settings: fc.record({
          paused: fc.constantFrom(null, null, true),
          maxParallel: fc.constantFrom(null, 1, 2),
        }),
      }),
    ],
    [4, fc.constant({ type: "sweep" as const })],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Mostly earlier tasks; at times any, so that there are cycles and unknown names. */
function namesFor(index: number, isWild: boolean) {
  const later = isWild ? [IDS[(index + 1) % IDS.length]!] : [];
  return { tasks: [...IDS.slice(0, index), ...later], groups: index < 2 && !isWild ? [] : GROUPS };
}

function creation(): fc.Arbitrary<ModelCommand> {
  const task = fc.nat(IDS.length - 1).chain(creationOf);
  return fc.uniqueArray(task, { minLength: 1, maxLength: 3, selector: ({ id }) => id }).map((tasks) =>
    create(...tasks)
  );
}

function creationOf(index: number): fc.Arbitrary<NewTask> {
  return fc.record({
    settings: settings(index < 4),
    // Of the first tasks, only few name others: these are retried, and done by others, while the last ones are due.
    naming: fc.oneof(fc.constant({}), index < 3 ? fc.constant({}) : notBy().map((assignTo) => ({ assignTo }))),
    dependencies: fc.oneof(
      { arbitrary: fc.constant([]), weight: 4 },
      { arbitrary: dependenciesOver(namesFor(index, false)), weight: 3 },
      { arbitrary: dependenciesOver(namesFor(index, true)), weight: 1 },
    ),
  }).map(({ settings, naming, dependencies }) => taskWith({ ...settings, ...naming }, IDS[index]!, ...dependencies));
}

function settings(isMember: boolean): fc.Arbitrary<TaskSettings> {
  const some = fc.record({
    priority: fc.constantFrom<Priority>("low", "high", "urgent"),
    ...(isMember && { group: fc.constantFrom(...GROUPS) }),
    role: fc.constantFrom("dev", "ops"),
    capabilities: fc.constant(["gpu"]),
    assignTo: fc.oneof(
      fc.constantFrom({ instance: "x" }, { role: "dev" }),
      fc.constantFrom({ instance: "y", fallbackMs: 20 }, { role: "ops", fallbackMs: 5 }),
      notBy(),
      notBy().map((assignTo) => ({ ...assignTo, instance: "x", fallbackMs: 20 })),
    ),
    locks: fc.subarray(["a", "b"], { minLength: 1 }),
    timeoutMs: fc.constantFrom(10, 40),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    backoff: fc.constantFrom({ initialIntervalMs: 5 }, { initialIntervalMs: 8, coefficient: 1.5, maxIntervalMs: 20 }),
    notBefore: fc.integer({ min: 1_000_000, max: 1_000_300 }),
    deadline: fc.integer({ min: 1_000_000, max: 1_000_500 }),
    failOnDeadline: fc.constant(true),
    ifUnreachable: fc.constantFrom("skip" as const, "fail" as const),
  }, { requiredKeys: [] });
  // Each field in few of the tasks, so that most can be done.
  return fc.tuple(some, fc.nat(), fc.nat()).map(([all, first, second]) => {
    const entries = Object.entries(all);
    return Object.fromEntries(entries.filter((_, index) => [first, second].some((each) => each % 8 === index)));
  });
}

function changes() {
  return fc.record({
    priority: fc.constantFrom<Priority | null>("low", "urgent", null),
    group: fc.constantFrom(...GROUPS, null),
    assignTo: fc.oneof(fc.constantFrom({ instance: "x" }, null), notBy()),
    locks: fc.constantFrom(["a"], null),
    notBefore: fc.constantFrom(1_000_100, null),
    role: fc.constantFrom("dev", null),
  }, { requiredKeys: [] });
}

function notBy(): fc.Arbitrary<Assignment> {
  return fc.subarray(IDS.slice(0, 3), { minLength: 1, maxLength: 2 }).map((notBy) => ({ notBy }));
}

function registration(): fc.Arbitrary<ModelCommand> {
  return fc.record({
    type: fc.constant("register_instance" as const),
    instance: fc.constantFrom(...INSTANCES),
    settings: fc.record({
      roles: fc.subarray(["dev", "ops"]),
      capabilities: fc.subarray(["gpu"]),
      maxConcurrent: fc.integer({ min: 1, max: 2 }),
      ttlMs: fc.constantFrom(30, 100),
    }, { requiredKeys: [] }),
  });
}
