/** The command line of `archive`. */

import { type Command, InvalidArgumentError } from "commander";
import type { ArchiveFilter } from "../core/messages/commands.ts";
import { END_STATUSES, type EndStatus } from "../core/model/status.ts";
import { commaList, duration } from "./option_values.ts";

/** What `archive` was asked to do. */
export interface ArchiveCommand {
  readonly type: "archive";
  readonly filter: ArchiveFilter;
  readonly dryRun: boolean;
}

/** Adds the command `archive`; `choose` takes what it was asked to do. */
export function addArchiveCommand(program: Command, choose: (command: ArchiveCommand) => void): void {
  program.command("archive")
    .description("take ended tasks out of the plan: the history keeps them, and their groups count them")
    .option("--group <id>", "only tasks of this group")
    .option("--status <names>", `only tasks that ended so, of ${END_STATUSES.join(",")}`, endStatuses)
    .option("--older-than <duration>", "only tasks that ended so long ago, like P30D", duration)
    .option("--dry-run", "count them, and name what stands in the way; change nothing", false)
    .action(({ group, status, olderThan, dryRun }: ArchiveFlags) => {
      const filter = {
        ...(group !== undefined && { group }),
        ...(status !== undefined && { status }),
        ...(olderThan !== undefined && { olderThanMs: olderThan }),
      };
      if (Object.keys(filter).length === 0) {
        program.error("error: archive needs --group, --status or --older-than: --older-than PT0S stands for all");
      }
      choose({ type: "archive", filter, dryRun });
    });
}

interface ArchiveFlags {
  readonly group?: string;
  readonly status?: readonly EndStatus[];
  readonly olderThan?: number;
  readonly dryRun: boolean;
}

function endStatuses(value: string): readonly EndStatus[] {
  return commaList(value).map((name) => {
    const status = END_STATUSES.find((each) => each === name);
    if (status !== undefined) return status;
    throw new InvalidArgumentError(`There is no ${name}: there are ${END_STATUSES.join(", ")}.`);
  });
}
