/** The plan as it leaves a project, and what of another plan is missing in it. */

import { normalize } from "../model/dependency.ts";
import type { Group } from "../model/group.ts";
import type { PortableGroup, PortablePlan, PortableTemplate, TemplateVersion } from "../model/portable_plan.ts";
import type { Task } from "../model/task.ts";
import type { Template } from "../model/template.ts";
import { handedBack } from "../state/evolve.ts";
import type { ReadonlyState } from "../state/state.ts";

/** The whole plan. Tasks in progress are as if their holders had handed them back at this moment. */
export function portablePlanOf(state: ReadonlyState, now: number): PortablePlan {
  const { pause } = state;
  return {
    tasks: Array.from(state.tasks.values(), ({ task }, index) => ({ ...withoutHolder(task, now), order: index + 1 })),
    groups: Array.from(state.groups.values(), ({ group }) => withoutInstances(group)),
    templates: Array.from(state.templates).flatMap(([name, { versions, isArchived }]): readonly PortableTemplate[] => {
      // A built-in template that was archived and restored is as it was.
      if (versions.length === 0 && !isArchived) return [];
      return [{ name, firstVersion: 1, versions: versions.map(contentOf), ...(isArchived && { isArchived }) }];
    }),
    ...(pause !== undefined && { paused: pause }),
  };
}

function withoutHolder(task: Task, now: number): Task {
  return task.status === "in_progress" ? handedBack(task, now) : task;
}

function withoutInstances({ preambleTo: _, ...group }: Group): PortableGroup {
  return group;
}

function contentOf({ name: _n, version: _v, builtinVersion: _b, ...content }: Template): TemplateVersion {
  return content;
}

/**
 * The part of a plan that the state does not have. What is there with another content stays in it, so that the import is
 * refused: an id with another description or other dependencies, a group with other settings, or other versions of a
 * template. What else of it has changed since an earlier import does not count.
 */
export function missingOf(state: ReadonlyState, { tasks, groups, templates, ...plan }: PortablePlan): PortablePlan {
  return {
    ...plan,
    tasks: tasks.filter(({ id, description, dependencies }) => {
      const there = state.tasks.get(id)?.task;
      return there?.description !== description ||
        JSON.stringify(there.dependencies) !== JSON.stringify(normalize(dependencies));
    }),
    groups: groups.filter((group) => {
      const there = state.groups.get(group.id)?.group;
      return there === undefined || settingsText(there) !== settingsText(group);
    }),
    templates: templates.flatMap((template) => missingVersions(state, template)),
  };
}

/** What makes a group the same. Whether it is paused changes in the course of work. */
function settingsText({ title, maxParallel, preamble, visibleTo }: PortableGroup): string {
  return JSON.stringify([title, maxParallel, preamble, visibleTo && [...new Set(visibleTo)].sort()]);
}

/** The versions after those that are there; nothing if all are. */
function missingVersions(state: ReadonlyState, template: PortableTemplate): readonly PortableTemplate[] {
  const { name, firstVersion, versions } = template;
  const there = state.templates.get(name);
  if (there === undefined) return [template];
  const count = Math.min(there.versions.length, versions.length);
  const isSame = there.versions.slice(0, count).every((saved, index) => {
    return templateText(contentOf(saved)) === templateText(versions[index]);
  });
  if (!isSame) return [template];
  const left = versions.slice(count);
  return left.length === 0 ? [] : [{ ...template, firstVersion: firstVersion + count, versions: left }];
}

function templateText(version: TemplateVersion | undefined): string {
  if (version === undefined) return "";
  const { description, parameters, tasks } = version;
  return JSON.stringify([description, parameters, tasks], sortedKeys);
}

/** For `JSON.stringify`: the order of keys depends on who wrote an object. */
function sortedKeys(_: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)) : value;
}
