/** Given-when-then for the core: after a history, a command leads to exactly these events, or is refused. */

import { type Caller, localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type {
  AnswerOf,
  Command,
  CommandOf,
  CommandType,
  Context,
  TaskDefaults,
} from "../../src/core/messages/commands.ts";
import type { WaitingClaim } from "../../src/core/messages/queries.ts";
import { decide } from "../../src/core/rules/decide.ts";
import { type Event, EVENT_TYPES } from "../../src/core/messages/events.ts";
import { applyWithConsequences } from "../../src/core/state/cascade.ts";
import { advanceClock, rewindClock } from "../../src/core/state/evolve.ts";
import type { Dependency } from "../../src/core/model/dependency.ts";
import type { NewTask, Task, TaskSettings } from "../../src/core/model/task.ts";
import { Refusal, type RefusalCode } from "../../src/core/model/refusal.ts";
import { profileIn } from "../../src/core/state/next_claim.ts";
import { emptyState, type ReadonlyState, type State } from "../../src/core/state/state.ts";
import type { Claiming } from "../../src/core/views/no_tasks.ts";
import { frozen } from "../support/frozen.ts";
import { snapshotOf } from "./snapshot.ts";

/** What has happened before: commands, which must be accepted, or their events. */
export type Step = Command | Event;

/** Starts a sentence. The first step happens at time 1, the second at 2, and so on; the command comes after them. */
export function given(...history: readonly Step[]) {
  return {
    when<K extends CommandType>(command: CommandOf<K>): When<AnswerOf<K>> {
      const state = stateAfter(...history);
      return {
        then(...events) {
          const outcome = run(state, command, history.length + 1);
          assertEquals(outcome.events, events);
          return { answering: (expected) => assertEquals(outcome.answer, expected) };
        },
        thenRefused(code, start, data) {
          const before = snapshotOf(state);
          const refusal = refusalOf(() => decide(state, command, contextAt(history.length + 1)));
          assertEquals(refusal.code, code, refusal.message);
          assert(refusal.message.startsWith(start), `"${refusal.message}" does not start with "${start}"`);
          if (data !== undefined) assertEquals(refusal.data, data);
          assertEquals(snapshotOf(state), before);
        },
      };
    },
  };
}

interface When<A> {
  /** The command causes exactly these events. */
  then(...events: readonly Event[]): { answering(expected: A): void };
  /** The command is refused and has changed nothing. */
  thenRefused(code: RefusalCode, start: string, data?: Readonly<Record<string, unknown>>): void;
}

/** The state after a history, the nth step of which happens at time n. */
export function stateAfter(...history: readonly Step[]): State {
  const state = emptyState();
  history.forEach((step, index) => {
    if (isEvent(step)) applyWithConsequences(state, [step], index + 1);
    else run(state, step, index + 1);
  });
  return state;
}

/** As `runWhole`, without the event that announces ready tasks: announcements_test.ts shows that one for all histories. */
export function run<K extends CommandType>(
  state: State,
  command: CommandOf<K>,
  at: number,
  defaults: TaskDefaults = {},
  caller: Caller = localOperator("test"),
): Outcome<AnswerOf<K>> {
  const { events, answer } = runWhole(state, command, at, defaults, caller);
  return { events: events.filter(({ type }) => type !== "tasks.ready"), answer };
}

/**
 * Carries a command out as the engine does: lets time pass, decides, applies what follows, reads the answer. The command
 * and its events are frozen, as the state may keep parts of them and must not change what others share.
 */
export function runWhole<K extends CommandType>(
  state: State,
  command: CommandOf<K>,
  at: number,
  defaults: TaskDefaults = {},
  caller: Caller = localOperator("test"),
): Outcome<AnswerOf<K>> {
  // As the engine does: a time that only a refused call has seen counts for nothing once the clock is set back.
  const now = Math.max(at, state.recordedAt);
  rewindClock(state, now);
  advanceClock(state, now);
  const { events, answer } = decide(state, frozen(command), {
    caller,
    now,
    clock: at,
    defaults,
  });
  const applied = applyWithConsequences(state, frozen(events), at);
  return { events: applied, answer: answer(state) };
}

/** A caller from whom nothing is hidden. */
export const SEES_ALL = { role: "admin" } as const;

/** What a decision may know at a time. */
export function contextAt(now: number): Context {
  return { caller: localOperator("test"), now, clock: now, defaults: {} };
}

/** A claim by an instance whose caller has no session. */
export function claimingAs(state: ReadonlyState, instance: string): Claiming {
  return { profile: profileIn(state, instance), caller: localOperator("test") };
}

interface Outcome<A> {
  readonly events: readonly Event[];
  readonly answer: A;
}

/** The refusal that a call throws; anything else that it does fails the test. */
export function refusalOf(call: () => unknown): Refusal {
  return assertThrows(call, Refusal);
}

/** A task that can be told from others by its id only. */
export function newTask(id: string, ...dependencies: readonly Dependency[]): NewTask {
  return { id, description: `do ${id}`, dependencies };
}

/** The same, with settings. */
export function taskWith(settings: TaskSettings, id: string, ...dependencies: readonly Dependency[]): NewTask {
  return { ...newTask(id, ...dependencies), ...settings };
}

/** A task as another server may have left it: pending (since 150) unless said otherwise, and ended, if it has, at 200. */
export function oldTask(id: string, rest: Partial<Task> = {}): Task {
  const task: Task = {
    ...newTask(id),
    status: "pending",
    attempt: 0,
    order: 0,
    createdAt: 100,
    pendingAt: 150,
    ...rest,
  };
  return isOpen(task) ? task : { finishedAt: 200, ...task };
}

function isOpen({ status }: Task): boolean {
  return status === "pending" || status === "in_progress";
}

export function create(...tasks: readonly NewTask[]): CommandOf<"create_tasks"> {
  return { type: "create_tasks", tasks };
}

export function importing(...tasks: readonly Task[]): CommandOf<"import_tasks"> {
  return { type: "import_tasks", tasks };
}

export function claim(instance: string, id?: string): CommandOf<"claim_task"> {
  return { type: "claim_task", instance, ...(id !== undefined && { id }) };
}

export function complete(instance: string, id: string, result = "done"): CommandOf<"complete_task"> {
  return { type: "complete_task", id, instance, result };
}

export function fail(instance: string, id: string, error = "broken"): CommandOf<"fail_task"> {
  return { type: "fail_task", id, instance, error };
}

export function release(instance: string, id: string): CommandOf<"release_task"> {
  return { type: "release_task", id, instance };
}

export function cancel(id: string): CommandOf<"cancel_task"> {
  return { type: "cancel_task", id };
}

export function retry(id: string): CommandOf<"retry_task"> {
  return { type: "retry_task", id };
}

export function update(id: string, ...dependencies: readonly Dependency[]): CommandOf<"update_task"> {
  return { type: "update_task", id, dependencies };
}

export function remove(id: string): CommandOf<"delete_task"> {
  return { type: "delete_task", id };
}

/** The steps by which one instance ends a task with its result. */
export function work(instance: string, id: string, result = "done"): readonly Step[] {
  return [claim(instance, id), complete(instance, id, result)];
}

/** Numbered items, as many as asked. */
export function times<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

/** A task as it stands. */
export function taskOf(state: State, id: string): Task {
  const node = state.tasks.get(id);
  assert(node !== undefined, `no task ${id}`);
  return node.task;
}

function isEvent(step: Step): step is Event {
  const types: readonly string[] = EVENT_TYPES;
  return types.includes(step.type);
}

/** Claims that wait, by the local operator. */
export function waiting(...claims: readonly CommandOf<"claim_task">[]): readonly WaitingClaim[] {
  return claims.map((command) => ({ command, caller: localOperator("test") }));
}
