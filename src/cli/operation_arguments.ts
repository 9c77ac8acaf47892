/** The command line of the commands for operating a project: `doctor`, `pause` and `resume`. */

import type { Command } from "commander";

export type OperationInvocation =
  | { readonly type: "pause"; readonly reason: string }
  | { readonly type: "resume" }
  | { readonly type: "doctor"; readonly verify: boolean; readonly json: boolean };

/** Adds the commands. */
export function addOperationCommands(program: Command, choose: (chosen: OperationInvocation) => void): void {
  program.command("doctor")
    .description(
      "find out what is wrong and what would help: servers, write lock, disk, clock, journal, webhooks, handlers; changes nothing",
    )
    .option("--verify", "check every record of the journal, too", false)
    .option("--json", "print one JSON object", false)
    .action(({ verify, json }: { verify: boolean; json: boolean }) => choose({ type: "doctor", verify, json }));
  program.command("pause")
    .description("pause the project: no task can be claimed until resume")
    .requiredOption("--reason <text>", "why, for the agents that wait")
    .action(({ reason }: { reason: string }) => choose({ type: "pause", reason }));
  program.command("resume")
    .description("resume the paused project: waiting agents get tasks at once")
    .action(() => choose({ type: "resume" }));
}
