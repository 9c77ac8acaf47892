/** The command line of `digest`. */

import type { Command } from "commander";
import type { DigestInvocation } from "./digest.ts";
import { instanceOf } from "./serve_options.ts";

/** Adds the command. */
export function addDigestCommand(program: Command, choose: (chosen: DigestInvocation) => void): void {
  program.command("digest")
    .description("print in at most 2 KB what an agent must know after a start: what it holds, notes, the plan, news")
    .option("--instance <id>", "the agent's instance (default: ORCHESTRATOR_INSTANCE)")
    .option("--held", "only the tasks that the instance holds, and nothing if there are none", false)
    .action(({ held }: { held: boolean }) => choose({ type: "digest", held, ...instanceOf(program) }));
}
