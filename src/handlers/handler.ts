/** A handler: a command that the operator wrote down, which runs for each notification of some types. */

import type { NotificationType } from "../core/messages/notifications.ts";
import type { Role } from "../core/model/access.ts";

export interface Handler {
  /** Names it in the log, in the history, and for its place in the journal. */
  readonly name: string;
  readonly on: readonly NotificationType[];
  /** Only notifications of this group and its tasks. Default: all. */
  readonly group?: string;
  /** The role of the token that the command gets. */
  readonly role: Role;
  /** The audiences whose groups the handler and its token see. Default: all. */
  readonly audiences?: readonly string[];
  /** The command and its arguments. */
  readonly run: readonly [command: string, ...args: readonly string[]];
  /** How long a run may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether it also gets what handlers have caused with their tokens. */
  readonly fromHandlers: boolean;
}
