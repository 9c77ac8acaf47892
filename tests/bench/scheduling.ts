/** What a claim costs when tasks ask for many different things, and what a completion costs that many wait for. */

import { localOperator } from "../../src/core/model/access.ts";
import { applyWithConsequences } from "../../src/core/state/cascade.ts";
import type { CommandOf, CommandType } from "../../src/core/messages/commands.ts";
import { decide } from "../../src/core/rules/decide.ts";
import { MAX_BATCH_TASKS } from "../../src/core/model/limits.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { emptyState, type State } from "../../src/core/state/state.ts";
import { medians, type Sample, timed } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

const PLAIN_TASKS = 1_000;

/** Buckets of ready tasks: so many requirements in so many groups. */
const REQUIREMENTS = 1_000;
const GROUPS = 10;
const ROUTED_TASKS = 100_000;
const LOCKS = 10_000;
const TAKEN_LOCKS = 9_000;
const INSTANCES = 5_000;
const CAPABILITIES = Array.from({ length: 10 }, (_, index) => `capability-${index}`);

/** Claims in a round; what they take is completed and created anew. */
const CLAIMS = 20;

const DEPENDENTS = 10_000;
const FEW_DEPENDENTS = 1_000;
const ROUNDS = { rounds: 60, warmUpRounds: 20 };

export const scheduling: Benchmark = async () => {
  const measured = await medians({
    plain: claimsOf(filled(Array.from({ length: PLAIN_TASKS }, (_, index) => taskOf(index, {})))),
    routed: claimsOf(crowded(), {
      before: (state, turn) => register(state, turn % INSTANCES, subset(1 | mixed(turn, 4))),
      claim: (turn) => ({ instance: `worker-${turn % INSTANCES}` }),
    }),
    pausing: claimsOf(crowded(), {
      before: (state, turn) => {
        const settings = { paused: turn % 2 === 0 ? true : null };
        carryOut(state, { type: "update_group", id: `group-${(turn >> 1) % GROUPS}`, settings });
      },
    }),
    none: claimsOf(crowded(), { claim: () => ({ instance: "nobody", capabilities: [] }), isFound: false }),
    locked: claimsOf(locked()),
    shared: claimsOf(sharing()),
    lanes: claimsOf(sharingLanes()),
    almost: claimsOf(demanding(), { claim: () => ({ ...ANYBODY }), isFound: false }),
    few: () => completion(FEW_DEPENDENTS),
    many: () => completion(DEPENDENTS),
  }, ROUNDS);
  const floor = { value: measured.plain, what: "claim of 1,000 plain tasks" };
  const row = (name: string, value: number, bound: number): Row => {
    return { name: `${name}, without disk`, value, floor, unit: "ms", target: { of: "value", is: "at most", bound } };
  };
  return [
    row("claim from 10,000 buckets after a registration", measured.routed, 0.5),
    row("claim from 10,000 buckets after a group was paused or resumed", measured.pausing, 0.5),
    row("claim that none of 10,000 buckets serves", measured.none, 0.5),
    row("claim that takes the lock of 10,000 buckets", measured.shared, 0.5),
    row("claim that none of 10,000 buckets serves, which ask for 9 capabilities each", measured.almost, 0.5),
    row("claim of 100,000 tasks with a lock each, 9 of 10 taken", measured.locked, 1),
    row("claim that takes a lock of 10,000 tasks, each with another lock of its own", measured.lanes, 0.5),
    {
      name: "completion that 10,000 wait for, without disk",
      value: measured.many,
      floor: { value: measured.few * (DEPENDENTS / FEW_DEPENDENTS), what: "10 completions that 1,000 wait for" },
      unit: "ms",
      target: { of: "value", is: "at most", bound: 50 },
    },
  ];
};

interface Claims {
  /** Done before each claim, and not measured. */
  readonly before?: (state: State, turn: number) => void;
  readonly claim?: (turn: number) => Omit<CommandOf<"claim_task">, "type">;
  readonly isFound?: boolean;
}

/** A measure of a claim. What is claimed is completed at once, removed, and created anew. */
function claimsOf(state: State, { before, claim = () => ({ ...ANYBODY }), isFound = true }: Claims = {}): Sample {
  let turn = 0;
  let created = 0;
  return () => {
    let elapsedMs = 0;
    for (let claims = 0; claims < CLAIMS; claims++) {
      before?.(state, turn);
      const command = { type: "claim_task" as const, ...claim(turn++) };
      const start = performance.now();
      const { task } = carryOut(state, command);
      elapsedMs += performance.now() - start;
      if ((task !== undefined) !== isFound) throw new Error(`Claimed ${task?.id}, which is not what is measured`);
      if (task === undefined) continue;
      carryOut(state, { type: "complete_task", id: task.id, instance: command.instance, result: "done" });
      carryOut(state, { type: "delete_task", id: task.id });
      const { description, dependencies, group, locks, capabilities } = task;
      const settings = { ...group && { group }, ...locks && { locks }, ...capabilities && { capabilities } };
      const id = `again-${created++}`;
      carryOut(state, { type: "create_tasks", tasks: [{ id, description, dependencies, ...settings }] });
    }
    return Promise.resolve(elapsedMs / CLAIMS);
  };
}

const ANYBODY = { instance: "anybody", capabilities: CAPABILITIES };

/** Many instances of many kinds, and ready tasks in all buckets, which have nothing to do with their locks. */
function crowded(): State {
  const tasks = Array.from({ length: ROUTED_TASKS }, (_, index) =>
    taskOf(index, {
      capabilities: subset(1 + mixed(index, 1) % REQUIREMENTS),
      group: `group-${mixed(index, 2) % GROUPS}`,
      locks: [`lock-${mixed(index, 3) % LOCKS}`],
    }));
  const state = filled(tasks, GROUPS);
  for (let instance = 0; instance < INSTANCES; instance++) register(state, instance, subset(1 | mixed(instance, 4)));
  return state;
}

/** Tasks with a lock each, most of which are taken. */
function locked(): State {
  const state = filled(
    Array.from({ length: ROUTED_TASKS }, (_, index) => taskOf(index, { locks: [`l${index % LOCKS}`] })),
  );
  for (let taken = 0; taken < TAKEN_LOCKS; taken++) {
    carryOut(state, { type: "claim_task", instance: `holder-${taken}`, id: `task-${taken}` });
  }
  return state;
}

/** A lock that the tasks of all buckets name. */
function sharing(): State {
  const count = REQUIREMENTS * GROUPS;
  return filled(
    Array.from(
      { length: 2 * count },
      (_, index) => taskOf(index, { group: `group-${index % count}`, locks: ["lock"] }),
    ),
    count,
  );
}

/** A lock that all tasks name, each beside one of its own. */
function sharingLanes(): State {
  return filled(Array.from({ length: LOCKS }, (_, index) => taskOf(index, { locks: ["lock", `l${index}`] })));
}

/** Tasks that ask for almost all that anybody offers, and for something of their own. */
function demanding(): State {
  const almostAll = CAPABILITIES.slice(2);
  return filled(
    Array.from(
      { length: REQUIREMENTS * GROUPS },
      (_, index) => taskOf(index, { capabilities: [...almostAll, `own-${index}`] }),
    ),
  );
}

function register(state: State, instance: number, capabilities: readonly string[]): void {
  carryOut(state, { type: "register_instance", instance: `worker-${instance}`, settings: { capabilities } });
}

function subset(bits: number): readonly string[] {
  return CAPABILITIES.filter((_, bit) => (bits >> bit) % 2 !== 0);
}

/** How long it takes to complete a task that so many wait for, in milliseconds. */
function completion(dependents: number): Promise<number> {
  const waiting = Array.from({ length: dependents }, (_, index) => ({ ...taskOf(index, {}), dependencies: ["first"] }));
  const state = filled([{ id: "first", description: "", dependencies: [] }, ...waiting]);
  carryOut(state, { type: "claim_task", instance: "worker" });
  return timed(() => carryOut(state, { type: "complete_task", id: "first", instance: "worker", result: "done" }));
}

function filled(tasks: readonly NewTask[], groups = 0): State {
  const state = emptyState();
  for (let group = 0; group < groups; group++) {
    carryOut(state, { type: "create_group", id: `group-${group}`, settings: {} });
  }
  for (let first = 0; first < tasks.length; first += MAX_BATCH_TASKS) {
    carryOut(state, { type: "create_tasks", tasks: tasks.slice(first, first + MAX_BATCH_TASKS) });
  }
  return state;
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

/** Milliseconds since the Unix epoch, another for each command; as large as real ones, which cost more than small ones. */
let now = Date.UTC(2026, 0, 1);

function carryOut<K extends CommandType>(state: State, command: CommandOf<K>) {
  const { events, answer } = decide(state, command, {
    caller: localOperator("test"),
    now: ++now,
    clock: now,
    defaults: {},
  });
  applyWithConsequences(state, events, now);
  return answer(state);
}
