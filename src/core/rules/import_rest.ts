/** The rules for importing what a plan has beside its tasks: groups, templates and the pause. */

import type { Event } from "../messages/events.ts";
import { checkEach } from "../model/faults.ts";
import type { Names } from "../model/id_map.ts";
import { MAX_COUNT, MAX_MESSAGE_BYTES, MAX_TASKS, MAX_TIME_MS } from "../model/limits.ts";
import type { PortableGroup, PortablePlan, PortableTemplate } from "../model/portable_plan.ts";
import { Refusal } from "../model/refusal.ts";
import { checkId, checkText } from "../model/values.ts";
import type { ReadonlyState } from "../state/state.ts";
import { isArchived, nextVersion } from "../templates/catalog.ts";
import { checkNumber } from "./checks/settings.ts";
import { checkNewGroup } from "./groups.ts";
import { checkReasonOfPause } from "./project.ts";
import { checkNewTemplate, checkRoomForVersions } from "./templates.ts";

/** Refuses a group that exists, here or earlier in the plan, or that has a malformed field. */
export function checkImportedGroup(state: ReadonlyState, group: PortableGroup, earlier: Names): void {
  const { id, createdAt, template, archived = {} } = group;
  checkNewGroup(state, id, group);
  if (earlier.has(id)) {
    throw new Refusal("already_exists", `Group ${id} is twice in the plan: name each id once`, { group: id });
  }
  checkNumber(createdAt, `createdAt of group ${id}`, { least: 0, most: MAX_TIME_MS });
  if (template !== undefined) checkId(template.name, "Template name");
  checkNumber(template?.version, `The version of the template of group ${id}`, { least: 0, most: MAX_COUNT });
  for (const [status, count] of Object.entries(archived)) {
    checkNumber(count, `The number of ${status} archived tasks of group ${id}`, { least: 0, most: MAX_TASKS });
  }
}

/** Refuses templates that cannot be saved, or whose versions are not those that come next here. */
export function checkImportedTemplates(state: ReadonlyState, templates: readonly PortableTemplate[]): void {
  checkRoomForVersions(state, templates.reduce((sum, { versions }) => sum + versions.length, 0));
  const names = new Set<string>();
  checkEach(templates, ({ name, firstVersion, versions }) => {
    checkId(name, "Template name");
    if (names.has(name) || (versions.length > 0 && nextVersion(state, name) !== firstVersion)) {
      const where = names.has(name) ? "twice in the plan" : "here with other versions";
      throw new Refusal("already_exists", `Template ${name} is ${where}: choose another name`, { name });
    }
    names.add(name);
    for (const { createdAt, ...content } of versions) {
      checkNewTemplate(state, { name, ...content });
      checkNumber(createdAt, `createdAt of template ${name}`, { least: 0, most: MAX_TIME_MS });
    }
  });
}

/** The events that save the versions, and archive the templates that are archived in the plan only. */
export function templateEvents(state: ReadonlyState, templates: readonly PortableTemplate[]): readonly Event[] {
  return templates.flatMap(({ name, firstVersion, versions, isArchived: archive }): readonly Event[] => [
    ...versions.map(({ createdAt, ...content }, index): Event => ({
      type: "template.saved",
      template: { name, ...content },
      version: firstVersion + index,
      ...(createdAt !== undefined && { createdAt }),
    })),
    ...(archive === true && !isArchived(state, name)
      ? [{ type: "template.archived", name, isArchived: true } as const]
      : []),
  ]);
}

export function checkImportedPause(paused: PortablePlan["paused"]): void {
  if (paused === undefined) return;
  const { reason, at, by } = paused;
  checkReasonOfPause(reason);
  checkNumber(at, "The time of the pause", { least: 0, most: MAX_TIME_MS });
  checkText(by.caller, "Name of the caller who paused", MAX_MESSAGE_BYTES);
  if (by.instance !== undefined) checkId(by.instance, "Instance id");
}
