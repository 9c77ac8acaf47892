/**
 * Imports a plan of any size, in parts of one record each. To complete an interrupted import, repeat it: what is there
 * already, with the same content, is skipped.
 */

import { localOperator } from "../core/model/access.ts";
import type { PortablePlan } from "../core/model/portable_plan.ts";
import { planParts } from "../core/rules/import_parts.ts";
import type { Engine } from "./engine.ts";

/** The caller of imports. */
const IMPORTER = localOperator("import");

/** Counts of an import so far. */
export interface ImportProgress {
  imported: number;
  /** Tasks that were there already. */
  present: number;
  groups: number;
  templateVersions: number;
}

export function newProgress(): ImportProgress {
  return { imported: 0, present: 0, groups: 0, templateVersions: 0 };
}

/**
 * Returns what of a plan is not there yet.
 *
 * @throws Refusal if any of that cannot be imported
 */
export async function checkImport(engine: Engine, plan: PortablePlan): Promise<PortablePlan> {
  const missing = await engine.query({ type: "missing_of_plan", plan }, IMPORTER);
  await engine.execute({ type: "import_tasks", ...missing, isCheck: true }, IMPORTER);
  return missing;
}

/**
 * Checks the whole plan, then imports it. Counts in `progress`, so that a caller knows how far a failed import got.
 *
 * @throws Refusal before the first part if any of it cannot be imported
 */
export async function importPlan(engine: Engine, plan: PortablePlan, progress: ImportProgress): Promise<void> {
  const missing = await checkImport(engine, plan);
  progress.present = plan.tasks.length - missing.tasks.length;
  for (const part of planParts(missing)) {
    const { imported } = await engine.execute({ type: "import_tasks", ...part }, IMPORTER);
    progress.imported += imported;
    progress.groups += part.groups?.length ?? 0;
    progress.templateVersions += part.templates?.reduce((sum, { versions }) => sum + versions.length, 0) ?? 0;
  }
}
