/**
 * Templates: plans with parameters. Each has versions, which never change.
 */

import type { NewTask } from "./task.ts";

/** A parameter of a template. Texts refer to it as `{{name}}`. */
export interface TemplateParameter {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
  /** If true and there is no default, a value must be given. */
  readonly required?: boolean;
}

/** A task of a template. `notBeforeMs` and `deadlineMs` count from when the template is applied. */
export interface TemplateTask extends NewTask {
  readonly notBeforeMs?: number;
  readonly deadlineMs?: number;
}

/** A template to be saved. */
export interface NewTemplate {
  readonly name: string;
  readonly description?: string;
  readonly parameters: readonly TemplateParameter[];
  /** They name each other by ids without prefix; applying the template adds it. None has a group. */
  readonly tasks: readonly TemplateTask[];
}

/** One version of a template; it never changes. */
export interface Template extends NewTemplate {
  /** 1, 2, 3… of a saved one; 0 of the built-in one. */
  readonly version: number;
  /** Which version the built-in template is in this program; absent if it is saved. */
  readonly builtinVersion?: number;
  /** Absent if the template is built in. */
  readonly createdAt?: number;
}
