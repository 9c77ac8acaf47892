/**
 * Finds and lists templates: the saved ones and the built-in ones. Saved versions count from 1, whatever is built in, so
 * that an update of the program never collides with them. The built-in one of a name is version 0: it is the newest as
 * long as none is saved under its name.
 */

import type { TemplateSummary } from "../messages/queries.ts";
import { Refusal } from "../model/refusal.ts";
import type { Template } from "../model/template.ts";
import { printable } from "../model/values.ts";
import type { ReadonlyState } from "../state/state.ts";
import { BUILTIN_TEMPLATES } from "./builtin_templates.ts";

/** The given version of a template, by default the newest. Throws a `Refusal` if there is none. */
export function findTemplate(state: ReadonlyState, name: string, version?: number): Template {
  const versions = versionsOf(state, name);
  if (versions.length === 0) {
    throw new Refusal("not_found", `Template ${printable(name)} not found: list_templates lists those that exist`, {
      name: printable(name),
    });
  }
  const found = version === undefined ? versions.at(-1) : versions.find((each) => each.version === version);
  if (found !== undefined) return found;
  throw new Refusal("not_found", `Template ${name} has no version ${version}: it has ${nameVersions(versions)}`, {
    name,
    version,
  });
}

/** The versions in words: those that are saved have no gaps. */
function nameVersions(versions: readonly Template[]): string {
  const saved = versions.filter(({ builtinVersion }) => builtinVersion === undefined);
  const numbers = [...new Set([saved.at(0)?.version, saved.at(-1)?.version])].filter((each) => each !== undefined);
  const isBuiltin = saved.length < versions.length;
  return [...(isBuiltin ? ["0 (built in)"] : []), ...(numbers.length > 0 ? [numbers.join(" to ")] : [])].join(" and ");
}

/** The version that the next saved template of a name gets. */
export function nextVersion(state: ReadonlyState, name: string): number {
  return (state.templates.get(name)?.versions.at(-1)?.version ?? 0) + 1;
}

/** Whether a template is archived. */
export function isArchived(state: ReadonlyState, name: string): boolean {
  return state.templates.get(name)?.isArchived === true;
}

/** The newest version of every template, in the order of names. */
export function listTemplates(state: ReadonlyState): readonly TemplateSummary[] {
  const names = new Set([...BUILTIN_TEMPLATES.map((template) => template.name), ...state.templates.keys()]);
  return [...names].sort().flatMap((name) => {
    const newest = versionsOf(state, name).at(-1);
    if (newest === undefined) return [];
    const { description, parameters, version, tasks, builtinVersion } = newest;
    return [{
      name,
      ...(description !== undefined && { description }),
      parameters,
      version,
      taskCount: tasks.length,
      isBuiltin: builtinVersion !== undefined,
      isArchived: isArchived(state, name),
    }];
  });
}

/** Every version of a template, the first one first; none if there is no such template. */
export function versionsOf(state: ReadonlyState, name: string): readonly Template[] {
  const builtin = BUILTIN_TEMPLATES.filter((template) => template.name === name)
    .map((template) => ({ ...template, version: 0, builtinVersion: template.version }));
  return [...builtin, ...state.templates.get(name)?.versions ?? []];
}
