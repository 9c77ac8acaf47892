/**
 * A plan as it is carried from one project into another: tasks, groups, templates and the pause. Instances, running
 * attempts, tokens, webhooks and the history belong to the project, not to the plan.
 */

import type { Group } from "./group.ts";
import type { ProjectPause } from "./project.ts";
import type { Task } from "./task.ts";
import type { NewTemplate } from "./template.ts";

export interface PortablePlan {
  /** In the order of creation. */
  readonly tasks: readonly Task[];
  /** In the order of creation. */
  readonly groups: readonly PortableGroup[];
  readonly templates: readonly PortableTemplate[];
  /** Absent unless the project is paused. */
  readonly paused?: ProjectPause;
}

/** A group without the instances that know its preamble. Without `createdAt`, it counts as created by the import. */
export type PortableGroup = Omit<Group, "preambleTo" | "createdAt"> & Partial<Pick<Group, "createdAt">>;

/** Some versions of a template, one after the other. */
export interface PortableTemplate {
  readonly name: string;
  /** The number of the first of these versions. */
  readonly firstVersion: number;
  /** Empty if the template is built in. */
  readonly versions: readonly TemplateVersion[];
  readonly isArchived?: true;
}

/** One version. Without `createdAt`, it counts as saved by the import. */
export interface TemplateVersion extends Omit<NewTemplate, "name"> {
  readonly createdAt?: number;
}

/** A plan of tasks alone. */
export function planOfTasks(tasks: readonly Task[]): PortablePlan {
  return { tasks, groups: [], templates: [] };
}
