/** The command line of the commands for operating a project: `pause`, `resume` and `doctor`. */

import type { Command } from "commander";

export type OperationInvocation =
  | { readonly type: "pause"; readonly reason: string }
  | { readonly type: "resume" };

/** Adds the commands. */
export function addOperationCommands(program: Command, choose: (chosen: OperationInvocation) => void): void {
  program.command("pause")
    .description("pause the project: no task can be claimed until resume")
    .requiredOption("--reason <text>", "why, for the agents that wait")
    .action(({ reason }: { reason: string }) => choose({ type: "pause", reason }));
  program.command("resume")
    .description("resume the paused project: waiting agents get tasks at once")
    .action(() => choose({ type: "resume" }));
}
