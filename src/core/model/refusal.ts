/**
 * A command that the rules of the task graph forbid. It is the caller's to mend, so its message says what
 * was refused, which state forbids it, and what would work. Failures of storage or of the program are never refusals.
 */

import { describeRemedies, type Remedy } from "./remedies.ts";

/** The closed list of reasons for which a command is refused. */
export type RefusalCode =
  /** An id, text or number is malformed: empty, control characters, wrong form. */
  | "invalid_value"
  /** A value or a collection is over its bound. */
  | "limit_exceeded"
  /** A task, group or template version with this id exists. */
  | "already_exists"
  /** No task, group, instance or template has this id. */
  | "not_found"
  /** A dependency names a task or group that does not exist. */
  | "dependency_not_found"
  /** The dependencies would form a cycle; `data.cycle` is its path. */
  | "cycle"
  /** The task's status forbids the command. */
  | "wrong_state"
  /** Tasks depend on the task or group, or are in it; `data.dependents` names them. */
  | "has_dependents"
  /** The task is held by another instance, or by none. */
  | "not_holder"
  /** The call speaks for an attempt that is over. */
  | "stale_attempt"
  /** The task's dependencies or times do not allow it to be claimed yet. */
  | "not_ready"
  /** The instance may not do the task: a role or capability is missing, it is reserved, or the instance is draining. */
  | "not_eligible"
  /** A group, a lock or the instance has as many running tasks as it may. */
  | "limit_reached";

/** Thrown by `decide`; nothing has been changed. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /**
   * @param code why, for programs
   * @param message why, for agents and people: action, forbidding state, way out
   * @param data the facts of the message, as JSON
   * @param remedies the ways out that the message names, each accepted as things stand
   */
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
    readonly remedies: readonly Remedy[] = [],
  ) {
    super(message);
  }
}

/** A refusal whose message ends with what would work, which it carries as data, too. */
export function refuse(code: RefusalCode, why: string, details: Details = {}): Refusal {
  const { remedies = [], data } = details;
  const help = describeRemedies(remedies);
  return new Refusal(code, help === "" ? why : `${why}; what would help: ${help}`, data, remedies);
}

interface Details {
  readonly remedies?: readonly Remedy[];
  readonly data?: Readonly<Record<string, unknown>>;
}
