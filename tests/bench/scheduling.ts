/** What a claim costs when tasks ask for many different things, and what a completion costs that many wait for. */

import { applyWithConsequences } from "../../src/core/consequences.ts";
import type { CommandOf, CommandType } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import { MAX_BATCH_TASKS } from "../../src/core/limits.ts";
import type { NewTask } from "../../src/core/model.ts";
import { emptyState, type State } from "../../src/core/state.ts";
import { medians, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const PLAIN_TASKS = 1_000;
const ROUTED_TASKS = 100_000;
const CAPABILITIES = Array.from({ length: 10 }, (_, index) => `capability-${index}`);
const REQUIREMENTS = 1_000;
const GROUPS = 100;
const LOCKS = 100;
const MAX_PARALLEL = 5;

/** Claims in a round, each by another of so many workers, who complete before they claim again. */
const CLAIMS = 100;
const WORKERS = 20;

const DEPENDENTS = 10_000;
const FEW_DEPENDENTS = 1_000;
const ROUNDS = { rounds: 60, warmUpRounds: 20 };

export const scheduling: Benchmark = async () => {
  const plain = cycleOf(filled(Array.from({ length: PLAIN_TASKS }, (_, index) => taskOf(index, {}))));
  const routed = cycleOf(filled(Array.from({ length: ROUTED_TASKS }, (_, index) => routedTask(index))));
  const measured = await medians({
    plain: () => plain(),
    routed: () => routed(),
    few: () => completion(FEW_DEPENDENTS),
    many: () => completion(DEPENDENTS),
  }, ROUNDS);
  return [
    {
      name: "claim of 100,000 routed tasks, without disk",
      value: measured.routed / CLAIMS,
      floor: { value: measured.plain / CLAIMS, what: "claim of 1,000 plain tasks, without disk" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 2 },
    },
    {
      name: "completion that 10,000 wait for, without disk",
      value: measured.many,
      floor: { value: measured.few * (DEPENDENTS / FEW_DEPENDENTS), what: "10 completions that 1,000 wait for" },
      unit: "ms",
      target: { of: "value", is: "at most", bound: 50 },
    },
  ];
};

/** A measure of claims: every worker completes what it holds, claims, and the next one does. Tasks done are added anew. */
function cycleOf(state: State): () => Promise<number> {
  const held = new Map<string, string>();
  let turn = 0;
  let created = state.tasks.size;
  return () => {
    let elapsedMs = 0;
    for (let claims = 0; claims < CLAIMS; claims++) {
      const instance = `worker-${turn++ % WORKERS}`;
      const done = held.get(instance);
      if (done !== undefined) {
        carryOut(state, { type: "complete_task", id: done, instance, result: "done" });
        const { id: _, ...same } = state.tasks.get(done)?.task ?? taskOf(0, {});
        const { description, dependencies, group, locks, capabilities } = same;
        const settings = { ...group && { group }, ...locks && { locks }, ...capabilities && { capabilities } };
        const id = `again-${created++}`;
        carryOut(state, { type: "create_tasks", tasks: [{ id, description, dependencies, ...settings }] });
      }
      const start = performance.now();
      const claim = carryOut(state, { type: "claim_task", instance, capabilities: CAPABILITIES });
      elapsedMs += performance.now() - start;
      if (claim.task === undefined) throw new Error(`There is no task to claim: ${claim.none.message}`);
      held.set(instance, claim.task.id);
    }
    return Promise.resolve(elapsedMs);
  };
}

/** How long it takes to complete a task that so many wait for, in milliseconds. */
function completion(dependents: number): Promise<number> {
  const waiting = Array.from({ length: dependents }, (_, index) => ({ ...taskOf(index, {}), dependencies: ["first"] }));
  const state = filled([{ id: "first", description: "", dependencies: [] }, ...waiting]);
  carryOut(state, { type: "claim_task", instance: "worker" });
  return timed(() => carryOut(state, { type: "complete_task", id: "first", instance: "worker", result: "done" }));
}

function filled(tasks: readonly NewTask[]): State {
  const state = emptyState();
  for (let group = 0; group < GROUPS; group++) {
    carryOut(state, { type: "create_group", id: `group-${group}`, settings: { maxParallel: MAX_PARALLEL } });
  }
  for (let first = 0; first < tasks.length; first += MAX_BATCH_TASKS) {
    carryOut(state, { type: "create_tasks", tasks: tasks.slice(first, first + MAX_BATCH_TASKS) });
  }
  return state;
}

/** Requirement, group and lock have nothing to do with each other, nor with those of the task before. */
function routedTask(index: number): NewTask {
  const requirement = mixed(index, 1) % REQUIREMENTS;
  return taskOf(index, {
    capabilities: CAPABILITIES.filter((_, bit) => (requirement >> bit) % 2 === 1),
    group: `group-${mixed(index, 2) % GROUPS}`,
    locks: [`lock-${mixed(index, 3) % LOCKS}`],
  });
}

/** A number that looks like chance and is the same every time (the finalizer of MurmurHash3). */
function mixed(index: number, salt: number): number {
  let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function taskOf(index: number, settings: Partial<NewTask>): NewTask {
  return { id: `task-${index}`, description: "Something to be done by an agent", dependencies: [], ...settings };
}

let now = 0;

function carryOut<K extends CommandType>(state: State, command: CommandOf<K>) {
  const { events, answer } = decide(state, command, { now: ++now, clock: now, defaults: {} });
  applyWithConsequences(state, events, now);
  return answer(state);
}
