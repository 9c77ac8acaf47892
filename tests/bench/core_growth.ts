/**
 * Whether the rules themselves cost more where there are many tasks, without disk and protocol. Each step is measured
 * on states of three sizes, that stay of their size; the floor of the larger ones is the smallest. Where a check has to
 * look at the tasks that wait, the floor is as much for each of these.
 */

import { localOperator } from "../../src/core/model/access.ts";
import type { CommandOf, CommandType } from "../../src/core/messages/commands.ts";
import { applyWithConsequences } from "../../src/core/state/cascade.ts";
import { decide } from "../../src/core/rules/decide.ts";
import { MAX_TIME_MS } from "../../src/core/model/limits.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { emptyState, type State } from "../../src/core/state/state.ts";
import { medians, type Sample } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

const FEW = 1_000;
const SIZES = [10_000, 100_000];

/** Tasks that are carried out from beginning to end in a round, and the commands of each that are measured. */
const LIVES = 100;
const MEASURED_COMMANDS = 3;
const ROUNDS = { rounds: 50, warmUpRounds: 15 };

/** A check of a circle looks at all tasks: it takes long enough to be measured alone. */
const CHECK_ROUNDS = { rounds: 5, warmUpRounds: 2 };

const STEPS = ["decide", "evolve", "claim", "complete", "create"] as const;
type Step = typeof STEPS[number];

const STEP_NAMES: Readonly<Record<Step, string>> = {
  decide: "decide, mean of commands",
  evolve: "evolve, mean of commands",
  claim: "claim of the next ready task",
  complete: "completion that unlocks one",
  create: "create with an expression",
};

export const coreGrowth: Benchmark = async () => [...await stepRows(), ...await checkRows()];

async function stepRows(): Promise<readonly Row[]> {
  const samples: Record<string, Sample> = {};
  for (const size of [FEW, ...SIZES]) {
    const live = livesOf(size);
    for (const step of STEPS) samples[`${step} ${size}`] = () => Promise.resolve(live()[step]);
  }
  const measured = await medians(samples, ROUNDS);
  return STEPS.flatMap((step) =>
    SIZES.map((size): Row => ({
      name: `${STEP_NAMES[step]}, ${size.toLocaleString("en-US")} tasks`,
      value: microseconds(measured[`${step} ${size}`]),
      floor: { value: microseconds(measured[`${step} ${FEW}`]), what: "the same with 1,000 tasks" },
      unit: "µs",
      target: { of: "ratio", is: "at most", bound: 2 },
    }))
  );
}

/** Something that is checked for a circle. */
interface Check {
  readonly name: string;
  /** Whether the check has to look at all tasks. */
  readonly visitsAll: boolean;
  /** How often it is done in a sample, so that there is something to be measured. */
  readonly times: number;
  readonly of: (size: number) => () => void;
}

const CHECKS: readonly Check[] = [
  { name: "circle refused in a chain", visitsAll: true, times: 1, of: circleInChain },
  { name: "new dependency of what all wait for", visitsAll: false, times: 100, of: dependencyOfFirst },
  { name: "new dependency of the end of a chain", visitsAll: false, times: 100, of: dependencyOfLast },
  { name: "new chain in a group that all wait for", visitsAll: false, times: 100, of: memberOfAwaited },
];

async function checkRows(): Promise<readonly Row[]> {
  const samples: Record<string, Sample> = {};
  for (const check of CHECKS) {
    for (const size of [FEW, ...SIZES]) samples[`${check.name} ${size}`] = repeated(check.of(size), check.times);
  }
  const measured = await medians(samples, CHECK_ROUNDS);
  return CHECKS.flatMap(({ name, visitsAll }) =>
    SIZES.map((size): Row => {
      const factor = visitsAll ? size / FEW : 1;
      const scale = visitsAll ? milliseconds : microseconds;
      const times = visitsAll ? `${factor} times ` : "";
      return {
        name: `${name}, ${size.toLocaleString("en-US")} tasks`,
        value: scale(measured[`${name} ${size}`]),
        floor: { value: scale(measured[`${name} ${FEW}`]) * factor, what: `${times}the same with 1,000 tasks` },
        unit: visitsAll ? "ms" : "µs",
        target: { of: "ratio", is: "at most", bound: visitsAll ? 3 : 2 },
      };
    })
  );
}

function repeated(action: () => void, times: number): Sample {
  return () => {
    const start = performance.now();
    for (let time = 0; time < times; time++) action();
    return Promise.resolve((performance.now() - start) / times);
  };
}

/** The first task of a chain cannot wait for the last one: all that is between is walked through. */
function circleInChain(size: number): () => void {
  const state = chainOf(size);
  return () => {
    try {
      decideUpdate(state, "task-0", [`task-${size - 1}`]);
    } catch (error) {
      if (error instanceof Refusal && error.code === "cycle") return;
      throw error;
    }
    throw new Error("A circle was not refused");
  };
}

/** A task for which all others wait may wait for one more: as that waits for nothing, there is no circle. */
function dependencyOfFirst(size: number): () => void {
  const state = emptyState();
  carryOut(state, { type: "create_tasks", tasks: [taskOf("first", []), taskOf("other", [])] });
  for (let index = 0; index < size; index++) {
    carryOut(state, { type: "create_tasks", tasks: [taskOf(`task-${index}`, ["first"])] });
  }
  return () => decideUpdate(state, "first", ["other"]);
}

/** Nothing waits for the last task of a chain, so there is nothing to look at, however long the chain. */
function dependencyOfLast(size: number): () => void {
  const state = chainOf(size);
  return () => decideUpdate(state, `task-${size - 1}`, ["task-0"]);
}

/** A chain of tasks, in a group for which all others wait: it is enough to look at what the chain waits for. */
function memberOfAwaited(size: number): () => void {
  const state = emptyState();
  carryOut(state, { type: "create_group", id: "group", settings: {} });
  carryOut(state, { type: "create_tasks", tasks: [taskOf("join", [{ group: "group" }]), taskOf("other", [])] });
  for (let index = 0; index < size; index++) {
    carryOut(state, { type: "create_tasks", tasks: [taskOf(`task-${index}`, ["join"])] });
  }
  const names = ["other", "member-1", "member-2", "member-3"];
  const tasks = names.slice(1).map((name, index) => ({ ...taskOf(name, [names[index] ?? ""]), group: "group" }));
  return () =>
    void decide(state, { type: "create_tasks", tasks }, {
      caller: localOperator("test"),
      now,
      clock: now,
      defaults: {},
    });
}

function chainOf(size: number): State {
  const state = emptyState();
  for (let index = 0; index < size; index++) {
    carryOut(state, {
      type: "create_tasks",
      tasks: [taskOf(`task-${index}`, index === 0 ? [] : [`task-${index - 1}`])],
    });
  }
  return state;
}

function decideUpdate(state: State, id: string, dependencies: readonly string[]): void {
  decide(state, { type: "update_task", id, dependencies }, {
    caller: localOperator("test"),
    now,
    clock: now,
    defaults: {},
  });
}

/**
 * A measure of all steps: the next ready task is claimed and completed, which unlocks the one that waits for it; both
 * are removed, and two like them created. All tasks are members of one group, that something waits for as well.
 */
function livesOf(size: number): () => Readonly<Record<Step, number>> {
  const state = emptyState();
  carryOut(state, { type: "create_group", id: "all", settings: {} });
  carryOut(state, { type: "create_tasks", tasks: [{ ...taskOf("spare", []), notBefore: MAX_TIME_MS }] });
  carryOut(state, { type: "create_tasks", tasks: [taskOf("last", [{ group: "all" }])] });
  let pairs = 0;
  const first = () => ({ ...taskOf(`first-${pairs}`, []), group: "all" });
  const second = () => {
    const wanted = `first-${pairs}`;
    return { ...taskOf(`second-${pairs++}`, [wanted, { any: [wanted, "spare"] }]), group: "all" };
  };
  while (pairs < size / 2) {
    carryOut(state, { type: "create_tasks", tasks: [first()] });
    carryOut(state, { type: "create_tasks", tasks: [second()] });
  }
  return () => {
    const means = { decide: 0, evolve: 0, claim: 0, complete: 0, create: 0 };
    const timed = <K extends CommandType>(step: Step, command: CommandOf<K>) => {
      const { answer, decideMs, evolveMs, answerMs } = carryOut(state, command);
      means.decide += decideMs / LIVES / MEASURED_COMMANDS;
      means.evolve += evolveMs / LIVES / MEASURED_COMMANDS;
      means[step] += (decideMs + evolveMs + answerMs) / LIVES;
      return answer;
    };
    for (let life = 0; life < LIVES; life++) {
      const claim = timed("claim", { type: "claim_task", instance: "worker" });
      if (claim.task === undefined) throw new Error(`There is no task to claim: ${claim.none.message}`);
      const { id } = claim.task;
      const { unlocked: [next] } = timed("complete", { type: "complete_task", id, instance: "worker", result: "done" });
      if (next === undefined) throw new Error(`Nothing waited for ${id}`);
      carryOut(state, { type: "claim_task", instance: "worker", id: next.id });
      carryOut(state, { type: "complete_task", id: next.id, instance: "worker", result: "done" });
      carryOut(state, { type: "delete_task", id: next.id });
      carryOut(state, { type: "delete_task", id });
      carryOut(state, { type: "create_tasks", tasks: [first()] });
      timed("create", { type: "create_tasks", tasks: [second()] });
    }
    return means;
  };
}

function taskOf(id: string, dependencies: NewTask["dependencies"]): NewTask {
  return { id, description: "Something to be done by an agent", dependencies };
}

/** Milliseconds since the Unix epoch, another for each command. */
let now = 0;

function carryOut<K extends CommandType>(state: State, command: CommandOf<K>) {
  now++;
  const start = performance.now();
  const decision = decide(state, command, { caller: localOperator("test"), now, clock: now, defaults: {} });
  const decided = performance.now();
  applyWithConsequences(state, decision.events, now);
  const applied = performance.now();
  const answer = decision.answer(state);
  const answered = performance.now();
  return { answer, decideMs: decided - start, evolveMs: applied - decided, answerMs: answered - applied };
}

/** The figures that are measured in one run are all there. */
function milliseconds(figure = NaN): number {
  return figure;
}

function microseconds(figure = NaN): number {
  return figure * 1000;
}
