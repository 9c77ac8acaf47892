/** A session of the simulated server: what it is asked, and what it has open. */

import type { Result, Value } from "../../../../src/store/postgres/driver.ts";
import type { ServerError } from "../../../../src/store/postgres/errors.ts";
import type { Statement } from "./sql.ts";

export interface Reply {
  readonly outcome: Result<unknown> | ServerError;
  readonly isUnreplicated: boolean;
}

/** What a session is told. */
export interface Client {
  readonly lockWaitMs: number;
  readonly onEnd: () => void;
  readonly onNotification: (payload: string) => void;
}

/** What goes wrong with a statement in the server. */
export type Interruption =
  /** An administrator ends the session, before the statement or while its commit waits for the standby. */
  | { readonly type: "terminate"; readonly when: "before" | "waiting" }
  /** An administrator cancels the wait for the standby. */
  | { readonly type: "cancel" };

export interface Request {
  readonly text: string;
  readonly values: readonly Value[];
  readonly reply: (reply: Reply) => void;
  readonly interruption: Interruption | undefined;
}

export interface OpenTransaction {
  readonly writes: Statement[];
  isFailed: boolean;
}

export class Session {
  readonly inbox: Request[] = [];
  readonly channels = new Set<string>();
  isBusy = false;
  isEnded = false;
  transaction: OpenTransaction | undefined;
  /** When it got the lock of the head, by the clock of the server. */
  lockedAt: number | undefined;
  idle: { readonly cancel: () => void } | undefined;

  constructor(readonly client: Client) {}
}
