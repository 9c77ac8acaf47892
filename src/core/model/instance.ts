/**
 * Instances: agent processes that register and hold tasks.
 */

/** `draining`: finishes what it holds and takes nothing more. `lost`: gave no sign of life in time. */
export type InstanceStatus = "active" | "draining" | "lost" | "left";

/** What an instance says of itself. */
export interface InstanceSettings {
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  /** Most tasks that it holds at the same time; unlimited if absent. */
  readonly maxConcurrent?: number;
  /** How long it may go without a sign of life; forever if absent. In milliseconds. */
  readonly ttlMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An agent process that has registered. */
export interface Instance extends InstanceSettings {
  readonly id: string;
  readonly status: InstanceStatus;
  readonly registeredAt: number;
  /** When it last gave a journalled sign of life. */
  readonly seenAt: number;
  /** When it is taken for lost. */
  readonly expiresAt?: number;
  /** The tasks that it lost (the first few), until it has been told. */
  readonly lostTasks?: readonly string[];
}

/** An instance with what it holds. */
export interface InstanceView extends Instance {
  readonly holding: readonly string[];
  readonly holdingCount: number;
}
