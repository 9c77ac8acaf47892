/**
 * Finds and lists templates: the saved ones and the built-in ones. A template that is saved under the name of a built-in
 * one becomes its next version.
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
  throw new Refusal("not_found", `Template ${name} has no version ${version}: it has 1 to ${versions.length}`, {
    name,
    version,
  });
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
    const { description, parameters, version, tasks, createdAt } = newest;
    return [{
      name,
      ...(description !== undefined && { description }),
      parameters,
      version,
      taskCount: tasks.length,
      isBuiltin: createdAt === undefined,
      isArchived: isArchived(state, name),
    }];
  });
}

/** Every version of a template, the first one first; none if there is no such template. */
export function versionsOf(state: ReadonlyState, name: string): readonly Template[] {
  const builtin = BUILTIN_TEMPLATES.filter((template) => template.name === name);
  return [...builtin, ...state.templates.get(name)?.versions ?? []];
}
