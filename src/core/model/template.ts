/**
 * Templates: plans with blanks, each in versions that never change.
 */

import type { NewTask } from "./task.ts";

/** A blank in a template. */
export interface TemplateParameter {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
  /** Must be given, if there is no default. */
  readonly required?: boolean;
}

/** A task of a template. Its times can be said from when the template is applied. */
export interface TemplateTask extends NewTask {
  readonly notBeforeMs?: number;
  readonly deadlineMs?: number;
}

/** What a caller says of a template: tasks with `{{name}}` in their texts, for each parameter. */
export interface NewTemplate {
  readonly name: string;
  readonly description?: string;
  readonly parameters: readonly TemplateParameter[];
  /** They name each other without the prefix that they get when the template is applied; none has a group. */
  readonly tasks: readonly TemplateTask[];
}

/** One version of a template; it never changes. */
export interface Template extends NewTemplate {
  /** 1, 2, 3… */
  readonly version: number;
  /** Absent of what ships with the program. */
  readonly createdAt?: number;
}
