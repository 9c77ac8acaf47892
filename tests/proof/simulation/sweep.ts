/**
 * One small schedule, again and again: each time something goes wrong with another one of its operations, in each of
 * the ways in which it can.
 */

import { type Fault, fits } from "./faults.ts";
import { sizesOf } from "../history/sizes.ts";
import type { Plan } from "./plan.ts";
import { runPlan } from "./run.ts";
import type { Place } from "./pending_faults.ts";
import type { Threads } from "./threads.ts";
import { describeFailure } from "./explore.ts";

/** Two processes, a dozen calls, several segments and checkpoints. */
export const SCENARIO: Plan = {
  seed: "sweep",
  workers: 2,
  calls: 4,
  sizes: sizesOf(700),
  maxPauseMs: 400,
  switching: 0.2,
  operationMs: 0.1,
  webhooks: 0,
  refusing: 0,
  faults: [],
};

/** What can go wrong with the operation of a number. */
const FAULTS: readonly ((at: number) => Fault)[] = [
  (at) => ({ type: "error", at, code: "EIO" }),
  (at) => ({ type: "error", at, code: "EMFILE" }),
  (at) => ({ type: "lost sync", at, operations: 8 }),
  (at) => ({ type: "short write", at, fraction: 0.5, code: "ENOSPC" }),
  (at) => ({ type: "short write", at, fraction: 0.5 }),
  (at) => ({ type: "kill", at, moment: "before" }),
  (at) => ({ type: "kill", at, moment: "after" }),
  (at) => ({ type: "power loss", at, moment: "before" }),
  (at) => ({ type: "power loss", at, moment: "after" }),
];

/** How often a loss of power is tried at each place: something else survives each time. */
const SURVIVALS = 2;

/** At how many operations of the others power is lost, while one stands still before a sync. */
const WHILE_STOPPED = 4;

/** Longer than any schedule takes, in milliseconds. */
const FOREVER_MS = 600_000;

/**
 * Plans in which something goes wrong with each operation of a schedule without faults. Processes die only where the
 * disk, or what was said, has changed since they last did: elsewhere they would leave the same behind.
 */
export function plansOf(scenario: Plan, operations: readonly Place[]): readonly Plan[] {
  const deaths = new Set<string>();
  return operations.flatMap((place, index) => {
    const { name } = place;
    const at = index + 1;
    const single = FAULTS.map((make) => make(at)).filter((fault) => fits(fault, name) && isNews(fault, place, deaths));
    return [...single.map((fault) => [fault]), ...name === "syncData" ? whileStopped(at) : []]
      .map((faults) => ({ ...scenario, faults }))
      .flatMap((plan) => survivalsOf(plan).map((survival) => ({ ...plan, survival })));
  });
}

/** Whether a fault is no death, or one that leaves something else behind than those in `deaths`, to which it is added. */
function isNews(fault: Fault, place: Place, deaths: Set<string>): boolean {
  if (fault.type !== "kill" && fault.type !== "power loss") return true;
  const death = `${fault.type === "kill" ? place.process : "all"} ${place[fault.moment]}`;
  if (deaths.has(death)) return false;
  deaths.add(death);
  return true;
}

/** Whether power is lost in a plan. */
export function losesPower({ faults }: Plan): boolean {
  return faults.some(({ type }) => type === "power loss" || type === "lost sync");
}

function whileStopped(at: number): readonly (readonly Fault[])[] {
  return Array.from({ length: WHILE_STOPPED }, (_, later) => [
    { type: "pause", at, pauseMs: FOREVER_MS },
    { type: "power loss", at: at + 1 + later, moment: "before" },
  ]);
}

function survivalsOf(plan: Plan): readonly string[] {
  return Array.from({ length: losesPower(plan) ? SURVIVALS : 1 }, (_, survival) => `${plan.faults[0]?.at} ${survival}`);
}

/** Resolves to what is wrong with the first plan that fails, if one does. */
export async function runAll(plans: readonly Plan[], threads: Threads): Promise<readonly string[] | undefined> {
  for (const plan of plans) {
    const result = await runPlan(plan, threads);
    if (result.findings.length > 0) return await describeFailure(result, threads);
  }
  return undefined;
}
