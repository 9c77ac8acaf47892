/** Releases a task that was claimed for a client that no longer waits for it. */

import { type Caller, Denied } from "../core/model/access.ts";
import type { Claim } from "../core/messages/commands.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import { type Log, Unavailable } from "./ports.ts";

/** Most tries to release a task, and the pause after the first one, in milliseconds; each later pause is longer by as much. */
const MAX_HAND_BACKS = 5;
const HAND_BACK_MS = 100;

export interface HandBackOptions {
  readonly engine: Engine;
  readonly log: Log;
  /** The instance that the task was claimed for. */
  readonly instance: string;
  readonly caller: Caller;
}

/**
 * Releases the claimed task, if there is one and the instance did not hold it before. Retries while the engine is `busy`
 * or `overloaded`; any other failure is logged, and the task stays with its instance.
 */
export async function handBack(claim: Claim, { engine, log, instance, caller }: HandBackOptions): Promise<void> {
  if (claim.task === undefined || claim.isRepeated === true) return;
  const { id, attempt } = claim.task;
  const command = { type: "release_task" as const, id, instance, attempt, reason: "its client did not wait for it" };
  let by = caller;
  for (let tries = 1;; tries++) {
    try {
      await engine.execute(command, by);
      return;
    } catch (error) {
      // The client has lost its rights meanwhile, but must not keep the task.
      if (error instanceof Denied && by !== ORCHESTRATOR) {
        by = ORCHESTRATOR;
        continue;
      }
      // The attempt is over already: another call ended or released it.
      if (error instanceof Refusal) return;
      const isTransient = error instanceof Unavailable && (error.code === "busy" || error.code === "overloaded");
      if (!isTransient || tries === MAX_HAND_BACKS) {
        log.warn(`Task ${id} stays with ${instance}, whose client is gone; release_task frees it: ${error}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, HAND_BACK_MS * tries));
    }
  }
}
