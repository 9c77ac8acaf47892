/**
 * Tokens: who calls over a wire, and what they may do. A token's secret is shown once, to whoever issued it; only its
 * SHA-256 is kept.
 */

import type { Role } from "./access.ts";

/** A token to be issued. */
export interface NewToken {
  /** Its name in lists and in the audit. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret, as 64 hexadecimal digits. */
  readonly digest: string;
  /** The only instance that its holder may speak for. */
  readonly instance?: string;
  /** The audiences whose groups it sees; all if absent. */
  readonly audiences?: readonly string[];
  /** From this time on it is refused, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
}

/** A token that was not revoked. */
export interface Token extends NewToken {
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** A token as lists show it. */
export interface TokenView extends Omit<Token, "digest"> {
  readonly isExpired: boolean;
}
