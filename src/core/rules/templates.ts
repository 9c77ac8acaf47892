/**
 * The rules for saving, applying and archiving templates.
 */

import { checkAll, checkEach } from "../model/faults.ts";
import type { GroupSettings } from "../model/group.ts";
import { IdMap } from "../model/id_map.ts";
import { MAX_DURATION_MS, MAX_TEMPLATE_VERSIONS } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import type { NewTask } from "../model/task.ts";
import type { NewTemplate, TemplateTask } from "../model/template.ts";
import { checkInPath, checkNewId } from "../model/values.ts";
import type { ReadonlyState } from "../state/state.ts";
import { findGroup } from "../state/lookup.ts";
import { findTemplate, isArchived, nextVersion } from "../templates/catalog.ts";
import { checkTemplate, expand } from "../templates/expand.ts";
import { groupViewOf } from "../views/groups.ts";
import { checkDependencies } from "./checks/dependencies.ts";
import { checkNewTasks } from "./checks/new_tasks.ts";
import { checkNumber, checkSettings } from "./checks/settings.ts";
import { type Deciders, viewIn } from "./decision.ts";
import { checkNewGroup, settingsOfNew } from "./groups.ts";
import { completeTask, createdEvent } from "./tasks.ts";

export const templateDeciders: Deciders<"save_template" | "apply_template" | "archive_template"> = {
  save_template(state, { template }) {
    const { name } = template;
    checkAll(
      () => !state.templates.has(name) && checkInPath(name, "Template name"),
      () => checkNewTemplate(state, template),
      () => checkRoomForVersions(state, 1),
    );
    const version = nextVersion(state, name);
    return { events: [{ type: "template.saved", template, version }], answer: () => ({ name, version }) };
  },

  apply_template(state, { name, version, group, settings: given, parameters }, { now, defaults, caller }) {
    const template = findTemplate(state, name, version);
    if (isArchived(state, name)) {
      throw refuse("wrong_state", `Cannot apply template ${name} as it is archived`, {
        remedies: [{ type: "archive_template", template: name }],
        data: { name },
      });
    }
    const settings = settingsOfNew(caller, given);
    const tasks: NewTask[] = [];
    checkAll(
      () => {
        for (const task of expand(template, parameters, group)) {
          tasks.push(completeTask({ ...atTimes(task, now), group }, defaults));
        }
      },
      () => checkInPath(group, "Group id"),
      () => checkNewGroup(state, group, given, { caller }),
      () => checkNewTasks(state, tasks, { newGroups: new IdMap<GroupSettings>().set(group, settings) }),
    );
    const { builtinVersion } = template;
    const origin = { name, version: template.version, ...(builtinVersion !== undefined && { builtinVersion }) };
    return {
      events: [
        { type: "group.created", group: { id: group, ...settings, template: origin } },
        createdEvent(state, tasks),
      ],
      answer: (after) => ({
        group: groupViewOf(findGroup(after, group)),
        version: template.version,
        tasks: tasks.map(({ id }) => viewIn(after, id)),
      }),
    };
  },

  archive_template(state, { name, isArchived: archive }) {
    findTemplate(state, name);
    return {
      events: isArchived(state, name) === archive ? [] : [{ type: "template.archived", name, isArchived: archive }],
      answer: () => ({ name, isArchived: archive }),
    };
  },
};

/** Refuses a template that cannot be saved. */
export function checkNewTemplate(state: ReadonlyState, template: NewTemplate): void {
  const { name, tasks } = template;
  checkAll(
    () => checkTemplate(template),
    () => !state.templates.has(name) && checkNewId(name, "Template name", state.templates),
    () => checkEach(tasks, checkFixed),
  );
}

/** Refuses `count` more versions if that would be more than `MAX_TEMPLATE_VERSIONS`. */
export function checkRoomForVersions(state: ReadonlyState, count: number): void {
  let versions = count;
  for (const saved of state.templates.values()) versions += saved.versions.length;
  if (versions <= MAX_TEMPLATE_VERSIONS) return;
  throw new Refusal("limit_exceeded", `Cannot save more than ${MAX_TEMPLATE_VERSIONS} template versions in all`, {
    limit: MAX_TEMPLATE_VERSIONS,
  });
}

/** The task with absolute times in place of those that count from `now`. */
function atTimes({ notBeforeMs, deadlineMs, ...task }: TemplateTask, now: number): NewTask {
  return {
    ...task,
    ...(notBeforeMs !== undefined && { notBefore: now + notBeforeMs }),
    ...(deadlineMs !== undefined && { deadline: now + deadlineMs }),
  };
}

/** Refuses a task that no parameter values could make valid: its numbers, times or forms of expressions. */
function checkFixed(task: TemplateTask): void {
  const { role: _r, capabilities: _c, assignTo: _a, locks: _l, ...numbers } = task;
  // Ids may have placeholders, so whether they exist is checked when the template is applied.
  const anything = { has: () => true, twinOf: () => undefined };
  checkAll(
    () => checkSettings(numbers, task.id, { tasks: anything, groups: anything, instances: anything, held: anything }),
    () => checkNumber(task.notBeforeMs, `not_before of task ${task.id}`, { least: 0, most: MAX_DURATION_MS }),
    () => checkNumber(task.deadlineMs, `deadline of task ${task.id}`, { least: 0, most: MAX_DURATION_MS }),
    () => checkDependencies(task.id, task.dependencies, { tasks: anything, groups: anything }),
  );
}
