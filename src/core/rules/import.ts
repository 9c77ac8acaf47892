/** The rules for importing a plan: tasks with their status, result and times, groups, templates and the pause. */

import { checkAll, checkEach } from "../model/faults.ts";
import { normalize } from "../model/dependency.ts";
import type { Event } from "../messages/events.ts";
import { IdMap } from "../model/id_map.ts";
import { MAX_TASKS } from "../model/limits.ts";
import type { PortableGroup, PortablePlan } from "../model/portable_plan.ts";
import { fencedValue } from "../model/result.ts";
import type { Task } from "../model/task.ts";
import { checkNewId } from "../model/values.ts";
import { startingAttempt } from "../state/removed_attempts.ts";
import type { ReadonlyState } from "../state/state.ts";
import { checkImportedTask } from "./checks/imported_task.ts";
import { checkNewTasks } from "./checks/new_tasks.ts";
import type { Deciders } from "./decision.ts";
import { checkRoomForGroups } from "./groups.ts";
import { checkImportedGroup, checkImportedPause, checkImportedTemplates, templateEvents } from "./import_rest.ts";

export const importDeciders: Deciders<"import_tasks"> = {
  import_tasks(state, { tasks: given, groups: givenGroups = [], templates = [], paused, firstOrder, isCheck }) {
    const isTooLate = firstOrder !== undefined && firstOrder !== state.nextOrder;
    const isEmpty = given.length + givenGroups.length + templates.length === 0 && paused === undefined;
    if (isEmpty || isTooLate) return { events: [], answer: () => ({ imported: 0 }) };
    const tasks = given.map(withValue).map((task) => ({ ...task, dependencies: normalize(task.dependencies) }));
    const groups = [...givenGroups.map(withSortedAudience), ...unlistedGroups(state, tasks, givenGroups)];
    checkPlan(state, { tasks, groups, templates, ...(paused !== undefined && { paused }) }, isCheck !== true);
    return {
      events: isCheck === true ? [] : [
        ...(paused === undefined || state.pause !== undefined
          ? []
          : [{ type: "project.paused", reason: paused.reason, by: paused.by, since: paused.at } as const]),
        ...groups.map((group): Event => ({ type: "group.created", group })),
        ...templateEvents(state, templates),
        ...(tasks.length === 0
          ? []
          : [{ type: "tasks.imported", tasks: tasks.map((task) => aboveRemoved(state, task)) } as const]),
      ],
      answer: () => ({ imported: tasks.length }),
    };
  },
};

/** The task, at the last attempt of an earlier task with its id if that is higher: a call for that one is refused. */
function aboveRemoved(state: ReadonlyState, task: Task): Task {
  const attempt = startingAttempt(state.removed, task.id);
  return attempt <= task.attempt ? task : { ...task, attempt };
}

/** The task with the value that conditions read, if its result has it in a fence. */
function withValue({ value: _, ...task }: Task): Task {
  const value = fencedValue(task.result ?? "");
  return { ...task, ...(value !== undefined && { value }) };
}

function withSortedAudience(group: PortableGroup): PortableGroup {
  const { visibleTo } = group;
  return visibleTo === undefined ? group : { ...group, visibleTo: [...new Set(visibleTo)].sort() };
}

/** The groups that tasks name, and that neither exist nor are given. */
function unlistedGroups(
  state: ReadonlyState,
  tasks: readonly Task[],
  given: readonly PortableGroup[],
): readonly PortableGroup[] {
  const known = new Set(given.map(({ id }) => id));
  const unlisted = new Set(tasks.flatMap(({ group }) => group ?? []).filter((id) => !known.has(id)));
  return Array.from(unlisted).filter((id) => !state.groups.has(id)).map((id) => ({ id }));
}

/** Refuses a plan if any of it cannot be imported. */
function checkPlan(state: ReadonlyState, plan: PortablePlan, isPart: boolean): void {
  const { tasks, groups, templates, paused } = plan;
  const newGroups = new IdMap<PortableGroup>();
  checkRoomForGroups(state, groups.length);
  checkAll(
    () =>
      checkEach(groups, (group) => {
        checkNewId(group.id, "Group id", newGroups);
        checkImportedGroup(state, group, newGroups);
        newGroups.set(group.id, group);
      }),
    () => checkImportedTemplates(state, templates),
    () =>
      checkNewTasks(state, tasks, {
        limit: MAX_TASKS,
        newGroups: new IdMap(groups.map((each) => [each.id, each])),
        isPart,
      }),
    () => checkEach(tasks, checkImportedTask),
    () => checkImportedPause(paused),
  );
}
