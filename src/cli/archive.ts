/** The command `archive`. */

import { archiveAll } from "../app/archiver.ts";
import type { Engine } from "../app/engine.ts";
import type { ArchiveCommand } from "./archive_arguments.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";

/** Archives tasks, or with `dryRun` counts those that could be, and prints how many, and why others stay. */
export async function printArchive(
  engine: Engine,
  { filter, dryRun }: Pick<ArchiveCommand, "filter" | "dryRun">,
  terminal: Terminal,
): Promise<number> {
  const { archived, kept, keptCount } = dryRun
    ? await engine.execute({ type: "archive_tasks", filter, isCheck: true }, OPERATOR)
    : await archiveAll(engine, { filter, caller: OPERATOR });
  const tasks = `${archived} ${archived === 1 ? "task" : "tasks"}`;
  terminal.print(dryRun ? `${tasks} would be archived; nothing was changed` : `Archived ${tasks}`);
  if (keptCount > 0) terminal.print(`${keptCount} that match must stay:`);
  for (const { message } of kept) terminal.print(`  ${visible(message)}`);
  if (keptCount > kept.length) terminal.print(`  and ${keptCount - kept.length} more`);
  return 0;
}
