/** What a simulated process and the scheduler tell each other. One of the two waits for the other at any time. */

import type { Snapshot } from "../../../src/core/state/snapshot.ts";
import type { OpenMode } from "../../../src/store/file/disk.ts";
import type { Answer, NoAnswer } from "../../../src/webhooks/sender.ts";
import type { CallEnded, CallStarted } from "../history/call_log.ts";
import type { Sizes } from "../history/sizes.ts";

/** What a process asks of its disk, and of the receiver of webhooks. `file` is the number that the answer to its `open` gave. */
export type Operation =
  | { readonly name: "open"; readonly path: string; readonly mode: OpenMode }
  | {
    readonly name: "identity" | "readFile" | "list" | "makeDirectory" | "syncDirectory" | "remove";
    readonly path: string;
  }
  | { readonly name: "rename"; readonly path: string; readonly to: string }
  | { readonly name: "readAt"; readonly file: number; readonly offset: number; readonly sizeBytes: number }
  | { readonly name: "truncate"; readonly file: number; readonly sizeBytes: number }
  | { readonly name: "tryLock"; readonly file: number; readonly delayMs: number }
  | {
    readonly name: "identityOf" | "write" | "syncData" | "sync" | "lock" | "unlock" | "close";
    readonly file: number;
  }
  /** Sends a message, which arrives at once, and is told how it will be answered. `path` is the URL. */
  | { readonly name: "post"; readonly path: string }
  /** The answer is there, or is no longer waited for. */
  | { readonly name: "hangUp"; readonly path: string };

/** What becomes of a message. */
export interface Posted {
  /** How long the answer takes, in milliseconds. */
  readonly delayMs: number;
  readonly answer: Answer | NoAnswer;
}

/** From a process: where it stopped, and what it said since it last did. */
export type Report =
  & { readonly said: readonly (CallStarted | CallEnded)[] }
  & (
    | { readonly type: "asks"; readonly operation: Operation }
    /** Nothing can go on before a time, in milliseconds of the virtual clock, or before what it asked for arrives. */
    | { readonly type: "idle"; readonly dueAt?: number }
    /** It waits for a life: it has not had one yet, was killed, or ended. */
    | { readonly type: "gone"; readonly ending?: Ending }
  );

/** How a life ended that was not killed. */
export interface Ending {
  /** Why, if not because all was done. */
  readonly error?: { readonly when: "starting" | "running"; readonly code?: string; readonly message: string };
  /** The state of the last process of all. */
  readonly last?: { readonly snapshot: Snapshot; readonly seq: number };
}

/** To a process: what happens to it next. */
export type Turn =
  & {
    /** Milliseconds of the virtual clock, since the Unix epoch. */
    readonly now: number;
    /** A number that grows from turn to turn, over all processes. */
    readonly order: number;
  }
  & (
    | { readonly type: "done"; readonly value?: unknown }
    | { readonly type: "failed"; readonly error: Failure }
    | { readonly type: "timer" }
    /** A lock or a sync that was asked for earlier has come, or failed. */
    | { readonly type: "arrived"; readonly file: number; readonly what: "lock" | "sync"; readonly error?: Failure }
    | { readonly type: "killed" }
    | { readonly type: "live"; readonly life: Life }
    | { readonly type: "exit" }
  );

/** An error of the operating system. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What a life of a process is to be. */
export interface Life {
  readonly seed: string;
  readonly worker: number;
  readonly workers: number;
  readonly life: number;
  /** How many calls it makes. The last process of all makes none, and says what it found. */
  readonly calls: number | "last";
  readonly sizes: Sizes;
  readonly maxPauseMs: number;
  /** How many webhooks the plan has. */
  readonly webhooks: number;
}
