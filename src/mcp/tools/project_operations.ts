/** The project as a whole: operations of the other surfaces. They are no MCP tools, as an agent's claims tell of a pause. */

import * as z from "zod";
import type { ProjectView } from "../../core/model/project.ts";
import { isoTime } from "../../core/model/text.ts";
import type { Json } from "../page.ts";
import { changes, defineTool, reads, type Tool } from "../tool.ts";

export const PROJECT_OPERATIONS: readonly Tool[] = [
  defineTool({
    name: "get_project",
    description: "Return whether the project is paused, and if so, why, since when and by whom.",
    input: {},
    annotations: reads,
    async run(_, { query }) {
      return { json: presentProject(await query({ type: "get_project" })) };
    },
  }),
  defineTool({
    name: "pause_project",
    description:
      "Pause the project: nothing can be claimed until it is resumed, and claims are told the reason. Held tasks can be " +
      "reported on, completed, failed and released. If it is paused already, the reason is replaced. For admins.",
    input: { reason: z.string().describe("For the agents that wait") },
    annotations: changes,
    async run({ reason }, { execute }) {
      return { json: presentProject(await execute({ type: "pause_project", reason })) };
    },
  }),
  defineTool({
    name: "resume_project",
    description: "Resume the paused project: claims that wait are served at once. For admins.",
    input: {},
    annotations: changes,
    async run(_, { execute }) {
      return { json: presentProject(await execute({ type: "resume_project" })) };
    },
  }),
];

/** Whether the project is paused, and why. */
export function presentProject({ paused }: ProjectView): Json {
  return paused === undefined ? { paused: false } : { paused: true, ...pauseOf(paused) };
}

/** The pause of the project for answers about other things; empty unless it is paused. */
export function notePause({ paused }: ProjectView): Json {
  return paused === undefined ? {} : { project_paused: pauseOf(paused) };
}

function pauseOf({ reason, at, by }: NonNullable<ProjectView["paused"]>): Json {
  return { reason, since: isoTime(at), by: by.caller };
}
