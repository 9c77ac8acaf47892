/** The commands `export` and `import`. Each prints its result and returns the exit code. */

import type { Engine } from "../app/engine.ts";
import { checkImport, importPlan, newProgress } from "../app/import_plan.ts";
import type { PortablePlan } from "../core/model/portable_plan.ts";
import { Refusal } from "../core/model/refusal.ts";
import { TASK_STATUSES } from "../core/model/status.ts";
import type { Task } from "../core/model/task.ts";
import { counted } from "../core/model/text.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";

/** How plans are written to files. */
export interface PlanFormats {
  readonly plan: (plan: PortablePlan) => Iterable<string>;
  /** As `tasks.json` has them. */
  readonly tasks: (tasks: readonly Task[]) => Iterable<string>;
}

/** Prints the whole plan, or only its tasks as they are, with their holders. */
export async function printExport(
  engine: Engine,
  { tasks, formats }: { readonly tasks: boolean; readonly formats: PlanFormats },
  write: (text: string) => void,
): Promise<number> {
  const slices = tasks
    ? formats.tasks((await engine.query({ type: "export_tasks" }, OPERATOR)).tasks)
    : formats.plan(await engine.query({ type: "export_plan" }, OPERATOR));
  for (const slice of slices) write(slice);
  return 0;
}

/** Imports a plan and prints how much, also if the import fails after a part of it. */
export async function printImport(engine: Engine, plan: PortablePlan, terminal: Terminal): Promise<number> {
  const progress = newProgress();
  try {
    await importPlan(engine, plan, progress);
  } catch (error) {
    if (progress.imported + progress.groups + progress.templateVersions > 0) {
      terminal.print(
        `Imported ${progress.imported} of ${plan.tasks.length} tasks: import the file again for the others`,
      );
    }
    throw withAdvice(error);
  }
  const { imported, present, groups, templateVersions } = progress;
  terminal.print(
    [
      `Imported ${counted(imported, "task")}`,
      ...(groups > 0 ? [counted(groups, "group")] : []),
      ...(templateVersions > 0 ? [counted(templateVersions, "version") + " of templates"] : []),
      ...(present > 0 ? [`${present} were there already`] : []),
    ].join(", "),
  );
  if (plan.paused !== undefined) {
    terminal.print(visible(`The plan is paused, so the project is, too: ${plan.paused.reason}`));
  }
  return 0;
}

/** A plan of another program, and what of it has no counterpart here. */
export interface ForeignPlan {
  readonly plan: PortablePlan;
  /** One sentence each. */
  readonly losses: readonly string[];
}

/** Prints what an import would add and leave out, and whether it would be refused. */
export async function printImportCheck(engine: Engine, foreign: ForeignPlan, terminal: Terminal): Promise<number> {
  const { plan } = foreign;
  printForeign(foreign, terminal);
  const missing = await checkImport(engine, plan).catch((error) => Promise.reject(withAdvice(error)));
  const present = plan.tasks.length - missing.tasks.length;
  if (present > 0) terminal.print(`${present} of the tasks are there already`);
  terminal.print("Nothing was changed: the same command with --yes adds it");
  return 0;
}

/** Prints what a plan of another program has, and what of it is left out. */
export function printForeign({ plan: { tasks, groups }, losses }: ForeignPlan, terminal: Terminal): void {
  const statuses = TASK_STATUSES.map((status) =>
    [status, tasks.filter((task) => task.status === status).length] as const
  )
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`);
  terminal.print(
    `The file has ${counted(tasks.length, "task")}${statuses.length > 0 ? ` (${statuses.join(", ")})` : ""} and ` +
      `${counted(groups.length, "group")}`,
  );
  if (losses.length === 0) return;
  terminal.print("What has no counterpart here:");
  for (const loss of losses) terminal.print(visible(`- ${loss}`));
}

/** The error, with what would help against clashes of ids. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof Refusal) || error.code !== "already_exists") return error;
  return new Refusal(error.code, `${error.message}. --prefix TEXT imports the plan under other ids`, error.data);
}
