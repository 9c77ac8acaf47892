/**
 * Gives a plan other ids, so that it can join another one. Ids of tasks, groups and templates get the prefix and a slash,
 * wherever the plan names them. Names of what the plan does not have stay: roles, capabilities, locks, instances and
 * references mean the same in both plans, and so do ids that only the other plan has.
 */

import type { Dependency } from "./dependency.ts";
import { mapDependency } from "./map_dependency.ts";
import type { PortableGroup, PortablePlan, PortableTemplate } from "./portable_plan.ts";
import type { NewTask } from "./task.ts";
import { checkId } from "./values.ts";

/** New ids by the old ones; an id that the plan does not have stays. */
interface Renaming {
  readonly task: (id: string) => string;
  readonly group: (id: string) => string;
  readonly template: (name: string) => string;
}

/** The plan without its pause and without built-in templates: these are settings of a whole project. */
export function withPrefix(plan: PortablePlan, prefix: string): PortablePlan {
  checkId(prefix, "Group id");
  const templates = plan.templates.filter(({ versions }) => versions.length > 0);
  const groups = new Set([...plan.groups.map(({ id }) => id), ...plan.tasks.flatMap(({ group }) => group ?? [])]);
  const renaming = {
    task: renamer(plan.tasks.map(({ id }) => id), prefix),
    group: renamer(groups, prefix),
    template: renamer(templates.map(({ name }) => name), prefix),
  };
  return {
    tasks: plan.tasks.map((task) => ({ ...withRenamed(task, renaming), id: renaming.task(task.id) })),
    groups: plan.groups.map((group) => renamedGroup(group, renaming)),
    templates: templates.map((template) => renamedTemplate(template, renaming)),
  };
}

function renamer(ids: Iterable<string>, prefix: string): (id: string) => string {
  const known = new Set(ids);
  return (id) => known.has(id) ? `${prefix}/${id}` : id;
}

/** The task with other ids in its group, dependencies and `notBy`. */
function withRenamed<T extends NewTask>(task: T, renaming: Renaming): T {
  const { group, dependencies, assignTo } = task;
  return {
    ...task,
    dependencies: dependencies.map((dependency: Dependency) => mapDependency(dependency, renaming)),
    ...(group !== undefined && { group: renaming.group(group) }),
    ...(assignTo?.notBy !== undefined && { assignTo: { ...assignTo, notBy: assignTo.notBy.map(renaming.task) } }),
  };
}

function renamedGroup(group: PortableGroup, renaming: Renaming): PortableGroup {
  const { id, template } = group;
  const isSaved = template !== undefined && template.builtinVersion === undefined;
  return {
    ...group,
    id: renaming.group(id),
    ...(isSaved && { template: { ...template, name: renaming.template(template.name) } }),
  };
}

/** Tasks of a template name each other by ids of their own, which `apply_template` gives a prefix. */
function renamedTemplate({ name, versions, ...template }: PortableTemplate, renaming: Renaming): PortableTemplate {
  return {
    ...template,
    name: renaming.template(name),
    versions: versions.map((version) => {
      const own = new Set(version.tasks.map(({ id }) => id));
      const task = (id: string) => own.has(id) ? id : renaming.task(id);
      return { ...version, tasks: version.tasks.map((each) => withRenamed(each, { ...renaming, task })) };
    }),
  };
}
