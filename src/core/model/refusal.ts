/**
 * A command that the rules of the task graph forbid. The caller can correct it, so its message names the action, the
 * state that forbids it, and what would work. Failures of storage or of the program are never refusals.
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
  /** Tasks depend on the task or group, or belong to the group; `data.dependents` names them. */
  | "has_dependents"
  /** The task is held by another instance, or by none. */
  | "not_holder"
  /** The call is about an attempt that is over. */
  | "stale_attempt"
  /** Another connected client holds the task under the same instance id, and the call does not name its attempt. */
  | "instance_in_use"
  /** The change is about another version of the task than the present one. */
  | "stale_version"
  /** The task's dependencies or times do not allow it to be claimed yet. */
  | "not_ready"
  /** The instance may not claim the task: it lacks a role or capability, the task is reserved, or it is draining. */
  | "not_eligible"
  /** A group, a lock or the instance has reached its limit of running tasks. */
  | "limit_reached"
  /** Some callers would see what is not for them, or a task without what it depends on. */
  | "not_visible"
  /** The caller has given another command this request id; `data.seq` is the record of that one. */
  | "request_reused"
  /** The caller's role has no right to the call, which `data.verb` names, or its token is bound to another instance. */
  | "forbidden"
  /** The caller's token was never issued, was revoked, or has expired. */
  | "unauthorized";

/** Thrown by `decide`. Nothing has changed. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /**
   * @param code the reason, for programs
   * @param message the reason, for agents and people: action, forbidding state, remedy
   * @param data the facts of the message, as JSON
   * @param remedies the remedies that the message names; each is accepted in the present state
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

/** A refusal that carries its remedies as data, and names them at the end of its message. */
export function refuse(code: RefusalCode, why: string, details: Details = {}): Refusal {
  const { remedies = [], data } = details;
  const help = describeRemedies(remedies);
  return new Refusal(code, help === "" ? why : `${why}; what would help: ${help}`, data, remedies);
}

interface Details {
  readonly remedies?: readonly Remedy[];
  readonly data?: Readonly<Record<string, unknown>>;
}
