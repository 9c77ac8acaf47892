/** The rules for pausing the whole project. A pause stops claims alone: held tasks go on, and time goes on. */

import { MAX_REASON_BYTES } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import { viewOfProject } from "../views/project.ts";
import { checkText } from "../model/values.ts";
import type { Deciders } from "./decision.ts";

export const projectDeciders: Deciders<"pause_project" | "resume_project"> = {
  pause_project(state, { reason }, { caller }) {
    checkReasonOfPause(reason);
    const { pause } = state;
    const by = { caller: caller.name };
    return {
      events: pause?.reason === reason ? [] : [{ type: "project.paused", reason, by }],
      answer: viewOfProject,
    };
  },

  resume_project(state) {
    return { events: state.pause === undefined ? [] : [{ type: "project.resumed" }], answer: viewOfProject };
  },
};

export function checkReasonOfPause(reason: string): void {
  checkText(reason, "The reason of the pause", MAX_REASON_BYTES);
  if (reason.trim() === "") {
    throw new Refusal("invalid_value", "The reason of the pause must not be empty: agents that wait are told it");
  }
}
