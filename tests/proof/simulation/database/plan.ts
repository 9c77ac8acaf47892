/** A schedule of the simulated database before it is run: all that happens follows from its plan, and the plan from a seed. */

import { type Random, randomOf } from "../../history/random.ts";

/** `at` numbers the statements of all processes, from 1. */
export type Fault =
  /** The connection breaks before the statement arrives. */
  | { readonly type: "cut"; readonly at: number }
  /** It is carried out, and the connection breaks before the answer arrives. */
  | { readonly type: "swallow"; readonly at: number }
  /** The connection breaks, and the statement arrives nevertheless, so much later. */
  | { readonly type: "late"; readonly at: number; readonly ms: number }
  /** It arrives so much later, and so does all that follows on the connection. */
  | { readonly type: "stall"; readonly at: number; readonly ms: number }
  /** An administrator ends the session: before the statement, or while its commit waits for the standby. */
  | { readonly type: "terminate"; readonly at: number; readonly when: "before" | "waiting" }
  /** An administrator cancels the wait of a commit for the standby. */
  | { readonly type: "cancel"; readonly at: number }
  /** The server crashes, or the standby takes over. */
  | { readonly type: "crash" | "failover"; readonly at: number; readonly downMs: number }
  /** The process dies, before or after it has sent the statement, and is started again. */
  | { readonly type: "kill"; readonly at: number; readonly moment: "before" | "after" }
  /** The process stands still with what it has. */
  | { readonly type: "pause"; readonly at: number; readonly ms: number };

export interface Plan {
  /** Fixes what is called, and how long everything takes. */
  readonly seed: string;
  readonly workers: number;
  /** How many calls each worker makes, in all its lives. */
  readonly calls: number;
  /** Longest usual pause between calls of a worker, in milliseconds. */
  readonly maxPauseMs: number;
  /** How long a message takes between a process and the server on average, in milliseconds. */
  readonly latencyMs: number;
  /** How long a commit waits for the standby on average, in milliseconds. */
  readonly replicationMs: number;
  /** How likely a notification is lost. */
  readonly forgetting: number;
  /** Whether processes compete for a lead and look after sessions, beside their calls. */
  readonly competes: boolean;
  readonly faults: readonly Fault[];
}

/** How wrong the clock of a machine may be, in milliseconds. */
export const SKEWS: readonly [number, ...number[]] = [0, 800, -5_000, -90_000, 3_600_000];

/** Most processes in a schedule, and most faults. */
const MAX_WORKERS = 3;
const MAX_FAULTS = 5;

/** About how many statements come with a call, its share of starts included. */
const STATEMENTS_PER_CALL = 9;

/** The plan that a seed stands for. */
export function planOf(seed: string): Plan {
  const random = randomOf(`${seed} plan`);
  const workers = random.between(1, MAX_WORKERS);
  const calls = random.between(2, Math.ceil(15 / workers));
  const last = workers * calls * STATEMENTS_PER_CALL;
  return {
    seed,
    workers,
    calls,
    maxPauseMs: random.pick([5, 60, 400]),
    latencyMs: random.pick([0.1, 1, 30]),
    replicationMs: random.pick([0, 1, 20]),
    forgetting: random.pick([0, 0.5, 1]),
    competes: random.chance(0.1),
    faults: Array.from({ length: random.between(0, MAX_FAULTS) }, () => randomFault(random, last))
      .sort((a, b) => a.at - b.at),
  };
}

/** Longer than a process waits for an answer, and than the server for a transaction, and than a row lives. */
const LONG_MS = [3_000, 12_000, 70_000] as const;

function randomFault(random: Random, last: number): Fault {
  const at = random.between(1, last);
  const [ms, shortMs] = [random.pick(LONG_MS), random.between(1, 400)];
  const kinds: readonly [Fault, ...Fault[]] = [
    { type: "cut", at },
    { type: "swallow", at },
    { type: "late", at, ms: random.pick([shortMs, shortMs, ms]) },
    { type: "stall", at, ms: random.pick([shortMs, shortMs, ms]) },
    { type: "terminate", at, when: random.pick(["before", "waiting"]) },
    { type: "cancel", at },
    { type: "crash", at, downMs: shortMs },
    { type: "failover", at, downMs: random.pick([shortMs, 4_000]) },
    { type: "kill", at, moment: random.pick(["before", "after"]) },
    { type: "pause", at, ms: random.pick([shortMs, ms]) },
  ];
  return random.pick(kinds);
}
