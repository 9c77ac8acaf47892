/**
 * Tools of a plan that is not there yet. It is the same as an empty one: each call is tried on an empty plan in memory first,
 * and only a change that is not refused there makes the plan. So a refused command leaves nothing behind.
 */

import { describeOperation } from "../mcp/operations.ts";
import { type ChangeParts, type LocalOptions, openToChange } from "./local_calls.ts";
import { type OpenTools, whenCalled } from "./open_tools.ts";

export interface NewPlanOptions {
  readonly options: LocalOptions;
  readonly parts: Omit<ChangeParts, "location">;
}

/** Tools of a missing plan; `open` makes it. */
export function toolsOfNewPlan(open: () => Promise<OpenTools>, { options, parts }: NewPlanOptions): OpenTools {
  const trial = whenCalled(async () => {
    // Nothing comes into this plan that a call could wait for, and what happens in it is not observed.
    return await openToChange({ ...options, maxWaitMs: 0 }, { ...parts, observer: {}, location: { store: "memory" } });
  });
  const made = whenCalled(open);
  let isMade = false;
  return {
    async call(tool, args, request) {
      if (!isMade) {
        const answer = await trial.call(tool, args, request);
        if (describeOperation(tool).isReading) return answer;
        isMade = true;
      }
      return await made.call(tool, args, request);
    },
    async [Symbol.asyncDispose]() {
      await made[Symbol.asyncDispose]();
      await trial[Symbol.asyncDispose]();
    },
  };
}
