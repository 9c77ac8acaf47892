/** The commands with which a person takes part in the plan. Each calls tools, and prints what they answer. */

import type { ToolCaller } from "../../app/operation.ts";
import type { Priority } from "../../core/model/task.ts";
import type { ServeOptions } from "../serve_options.ts";
import type { Terminal } from "../commands.ts";

/** What a person can ask for. */
export type PersonCommand =
  | ({ readonly type: "add" } & NewTask)
  /** Claims the next task, or the named one. */
  | { readonly type: "next"; readonly id?: string; readonly group?: string }
  | { readonly type: "done"; readonly id: string; readonly result: string }
  | { readonly type: "note"; readonly id: string; readonly text: string }
  | { readonly type: "retry"; readonly id: string }
  | { readonly type: "cancel"; readonly id: string; readonly reason?: string }
  | { readonly type: "show"; readonly id: string }
  | { readonly type: "why"; readonly id: string };

/** A task as `add` takes it. */
export interface NewTask {
  readonly text: string;
  /** Default: made of the text. */
  readonly id?: string;
  /** The tasks that must be completed first. */
  readonly after: readonly string[];
  readonly priority?: Priority;
  readonly group?: string;
}

/** A command, and how to carry it out. */
export interface PersonOptions extends Pick<ServeOptions, "role" | "needsToken" | "instance" | "defaults" | "log"> {
  readonly command: PersonCommand;
  /** Whether to print the answer of the tool as it is. */
  readonly json: boolean;
  /** The address of a service to call in place of the files. */
  readonly url?: URL;
}

/** What a command needs of its surroundings. */
export interface PersonParts {
  readonly call: ToolCaller;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** The exit code of `next` when there is no task. */
export const NO_TASK = 2;

/** Whether a command changes nothing. */
export function isReading({ type }: PersonCommand): boolean {
  return type === "show" || type === "why";
}
