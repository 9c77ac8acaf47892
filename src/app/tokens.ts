/**
 * Makes the secrets of tokens, and callers of the secrets that clients bring. A secret is 256 random bits; the core and the
 * journal know its SHA-256 only. So nobody finds a usable token in the journal.
 */

import type { CommandOf } from "../core/messages/commands.ts";
import type { Caller, CallerName } from "../core/model/access.ts";
import type { NewToken, TokenView } from "../core/model/token.ts";

/** Begins every secret, so that people and scanners for leaked secrets know what it is. */
const PREFIX = "orc_";

const SECRET_BYTES = 32;

const SECRET = /^orc_[\w-]{43}$/;

/** An issued token, and its secret, which cannot be shown again. */
export interface IssuedToken {
  readonly secret: string;
  readonly token: TokenView;
}

/**
 * Issues a token.
 *
 * @param execute executes the command for its caller
 * @throws Refusal if the caller is no admin, or there can be no such token
 */
export async function issueToken(
  execute: (command: CommandOf<"issue_token">) => Promise<TokenView>,
  settings: Omit<NewToken, "digest">,
): Promise<IssuedToken> {
  const bits = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = PREFIX + bits.toBase64({ alphabet: "base64url", omitPadding: true });
  const token = { ...settings, digest: await digestOf(secret) };
  return { secret, token: await execute({ type: "issue_token", token }) };
}

/** The caller that brings a secret. Whether its token is valid shows with each call. */
export async function callerOfSecret(secret: string, who: CallerName): Promise<Caller> {
  return { ...who, token: await digestOf(secret) };
}

/** Whether a text has the form of a secret. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

/** SHA-256 of a secret, as hexadecimal digits. */
export async function digestOf(secret: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret))).toHex();
}
