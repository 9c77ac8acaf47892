/**
 * Instances: agent processes that register and hold tasks.
 */

/** `draining`: finishes the tasks that it holds and gets no more. `lost`: did not call in time. */
export type InstanceStatus = "active" | "draining" | "lost" | "left";

/** What an instance registers. */
export interface InstanceSettings {
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  /** How many tasks it may hold at the same time; unlimited if absent. */
  readonly maxConcurrent?: number;
  /** How long it may go without a call before it is lost, in milliseconds; forever if absent. */
  readonly ttlMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An agent process that has registered. */
export interface Instance extends InstanceSettings {
  readonly id: string;
  readonly status: InstanceStatus;
  readonly registeredAt: number;
  /** The time of its last call that the journal recorded, in milliseconds since the Unix epoch. */
  readonly seenAt: number;
  /** When it is lost unless it calls before, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
  /** Only of a lost one: it was draining, and drains again when it calls. */
  readonly wasDraining?: true;
  /** The tasks that it lost (the first few), until an answer to it names them. */
  readonly lostTasks?: readonly LostTask[];
}

/** A task that an instance lost as it did not call in time. */
export interface LostTask {
  readonly id: string;
  /** The session of the client that had claimed it, if one kept it: another client of the instance is not told. */
  readonly session?: string;
}

/** An instance with the tasks that it holds (the first few). */
export interface InstanceView extends Omit<Instance, "lostTasks"> {
  readonly lostTasks?: readonly string[];
  readonly holding: readonly string[];
  readonly holdingCount: number;
}
