/** The facts about a data directory that `doctor` judges, and the form of what it finds. */

import type { ProcessAbout } from "../app/ports.ts";
import type { ProjectPause } from "../core/model/project.ts";
import type { TokenView } from "../core/model/token.ts";

/** A server process, or the trace of one. */
export interface ProcessFact {
  /** Its session. */
  readonly id: string;
  readonly isLive: boolean;
  readonly about: ProcessAbout | undefined;
  readonly pid?: number;
  /** Absent if the system does not tell. */
  readonly isStopped?: boolean;
}

/** The plan as far as it concerns operators. */
export interface PlanFacts {
  readonly records: number;
  /** When the last record was written, in milliseconds since the Unix epoch; 0 if there is none. */
  readonly recordedAt: number;
  readonly clockWarning?: string;
  readonly paused?: ProjectPause;
  /** Without those that servers issue for handlers. */
  readonly tokens: readonly TokenView[];
  readonly running: readonly RunningTask[];
  readonly lostInstances: readonly string[];
  readonly webhooks: readonly WebhookFact[];
  readonly handlerFiles: readonly HandlerFileFact[];
}

/** Whether a lock is held, and by whom, as far as the system tells. */
export interface LockFact {
  readonly isHeld: boolean;
  readonly pid?: number;
  readonly isStopped?: boolean;
}

/** How a delivery stands. */
export interface DeliveryFact {
  readonly name: string;
  /** The lock that the process that delivers holds. */
  readonly lead: LockFact;
  /** How often the next event was tried in vain. */
  readonly attempts: number;
  /** Whether there are records of which it is not known that they were delivered or not wanted. */
  readonly isBehind: boolean;
}

export interface WebhookFact extends DeliveryFact {
  /** Why nothing is sent any more. */
  readonly disabled?: string;
  /** Why the next event failed the last time, and when it is tried again. */
  readonly error?: string;
  readonly retryAt?: number;
  readonly deadLetters: number;
}

export interface HandlerFact extends DeliveryFact {
  /** The last event that was passed over, and when. */
  readonly passedOver?: { readonly id: string; readonly at: number };
}

/** The handlers of one file of the operator. */
export interface HandlerFileFact {
  /** Where their places are, in the data directory. */
  readonly places: string;
  readonly lead: LockFact;
  /** Undefined if the places cannot be read. */
  readonly handlers: readonly HandlerFact[] | undefined;
}

export interface RunningTask {
  readonly id: string;
  readonly assignedTo?: string;
  readonly attempt: number;
  readonly session?: string;
  readonly leaseUntil?: number;
}

export interface DoctorFacts {
  readonly directory: string;
  /** By the clock of this machine, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** Of this program. */
  readonly version: string;
  /** The newest format of the journal that this program knows. */
  readonly format: number;
  readonly sessions: readonly ProcessFact[];
  readonly lock: LockFact;
  readonly fileSystem: { readonly remote?: string; readonly freeBytes: number } | undefined;
  readonly sizeBytes: number;
  readonly exposed: readonly { readonly path: string; readonly mode: number }[];
  readonly setAside: readonly string[];
  readonly checkpoint: "usable" | "none" | "newer" | "damaged";
  readonly missingSegment?: string;
  readonly knowsHolders: boolean;
  /** The plan, or why it cannot be read. */
  readonly plan: PlanFacts | { readonly code: string; readonly message: string };
  /** Whether the whole journal was checked. */
  readonly wasVerified: boolean;
  /** What is wrong with it, if it was checked and is not whole. */
  readonly fault?: { readonly kind: "torn" | "newer" | "damaged"; readonly place: string; readonly why: string };
}

/** A PostgreSQL server, as far as it concerns operators. */
export interface DatabaseState {
  readonly serverVersion: string;
  /** Of the whole database. */
  readonly sizeBytes: number;
  /** The time of the database, and that of this machine, in milliseconds since the Unix epoch. */
  readonly time: number;
  readonly localTime: number;
  readonly connections: number;
  readonly maxConnections: number;
  /** Settings without which a crash may lose what was committed, and which are off. */
  readonly unsafe: readonly string[];
  /** What `synchronous_standby_names` says; empty if no commit waits for a standby. */
  readonly standbyNames: string;
  readonly standbys: number;
  /** Rights that a server needs and this user lacks. */
  readonly missingRights: readonly string[];
}

export interface Finding {
  /** `problem`: something to do. `note`: something to know. */
  readonly severity: "problem" | "note";
  /** For programs. */
  readonly code: string;
  readonly message: string;
  /** What would help. */
  readonly remedy: string;
}

export function problem(code: string, message: string, remedy: string): Finding {
  return { severity: "problem", code, message, remedy };
}

export function note(code: string, message: string, remedy: string): Finding {
  return { severity: "note", code, message, remedy };
}
