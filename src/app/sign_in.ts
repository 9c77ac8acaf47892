/**
 * Sign-in of people at the dashboard. A key is a token that is good for one exchange within minutes, so that it may be part
 * of an address. It is exchanged for the token of a session, which lasts: both are listed, revoked and audited like any
 * other.
 */

import type { KnownCaller } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { NewToken } from "../core/model/token.ts";
import type { Engine } from "./engine.ts";
import { type IssuedToken, issueToken } from "./tokens.ts";

/** How long a key can be exchanged, in milliseconds: 10 minutes. */
export const KEY_MS = 10 * 60 * 1_000;

/** How long a session lasts, in milliseconds: 30 days. */
export const SESSION_MS = 30 * 24 * 60 * 60 * 1_000;

/** Begin the names of their tokens. */
const KEY_PREFIX = "signin-";
const SESSION_PREFIX = "dashboard-";

/** Most expired tokens of keys and sessions that one sign-in removes. */
const MAX_REMOVED = 20;

/** The engine, and the operator who issues and revokes the tokens. */
export interface SignIn {
  readonly engine: Pick<Engine, "execute" | "query" | "now">;
  readonly operator: KnownCaller;
}

/** Issues a key for a session with the rights of `settings`; resolves to its secret. */
export async function issueKey(signIn: SignIn, settings: Pick<NewToken, "role" | "audiences">): Promise<string> {
  await removeExpired(signIn);
  return await issue(signIn, { ...settings, name: newName(KEY_PREFIX), expiresAt: signIn.engine.now() + KEY_MS });
}

/**
 * Exchanges a key for a session with the same rights; resolves to the name and the secret of its token. Of several exchanges
 * of one key, one succeeds.
 *
 * @param key the holder of the key
 * @throws Refusal `unauthorized` if the key was exchanged before
 */
export async function exchangeKey(
  signIn: SignIn,
  key: KnownCaller,
): Promise<{ readonly name: string; readonly secret: string }> {
  const { engine, operator } = signIn;
  const { role, instance, audiences } = key;
  try {
    await engine.execute({ type: "revoke_token", name: tokenNameOf(key) ?? "" }, operator);
  } catch (error) {
    if (!(error instanceof Refusal && error.code === "not_found")) throw error;
    throw new Refusal("unauthorized", "Cannot sign in as this key was used already: the command open prints another");
  }
  await removeExpired(signIn);
  const name = newName(SESSION_PREFIX);
  const secret = await issue(signIn, {
    name,
    role,
    ...(instance !== undefined && { instance }),
    ...(audiences !== undefined && { audiences }),
    expiresAt: engine.now() + SESSION_MS,
  });
  return { name, secret };
}

/** Ends the session of a caller, if its token is that of one. */
export async function endSession({ engine, operator }: SignIn, caller: KnownCaller): Promise<void> {
  const name = tokenNameOf(caller);
  if (name?.startsWith(SESSION_PREFIX) === true) await revoke({ engine, operator }, name);
}

/** Whether a token of this name is that of a key or session, which ends by itself: nobody can rely on it. */
export function isOfSignIn(name: string): boolean {
  return name.startsWith(KEY_PREFIX) || name.startsWith(SESSION_PREFIX);
}

/**
 * Issues a token with a name that somebody chose: not one of those of keys and sessions, which end by themselves.
 *
 * @throws Refusal like `issueToken`, and `invalid_value` for such a name
 */
export async function issueNamedToken(
  execute: Parameters<typeof issueToken>[0],
  settings: Omit<NewToken, "digest">,
): Promise<IssuedToken> {
  if (isOfSignIn(settings.name)) {
    throw new Refusal(
      "invalid_value",
      `Token name must not begin with ${KEY_PREFIX} or ${SESSION_PREFIX}: such tokens are made by a sign-in, and end with ` +
        "it. Choose another name",
    );
  }
  return await issueToken(execute, settings);
}

/** Whether a caller brings a key. */
export function isKey(caller: KnownCaller): boolean {
  return tokenNameOf(caller)?.startsWith(KEY_PREFIX) === true;
}

/** The name of a caller's token, if it has one. */
export function tokenNameOf({ via }: KnownCaller): string | undefined {
  return via?.token;
}

async function issue({ engine, operator }: SignIn, settings: Omit<NewToken, "digest">): Promise<string> {
  return (await issueToken((command) => engine.execute(command, operator), settings)).secret;
}

/** Removes expired keys and sessions, as there is room for a bounded number of tokens. */
async function removeExpired(signIn: SignIn): Promise<void> {
  const tokens = await signIn.engine.query({ type: "list_tokens" }, signIn.operator);
  const expired = tokens.filter(({ name, isExpired }) => isExpired && isOfSignIn(name)).slice(0, MAX_REMOVED);
  for (const { name } of expired) await revoke(signIn, name);
}

/** Revokes a token, unless another process was faster. */
async function revoke({ engine, operator }: SignIn, name: string): Promise<void> {
  try {
    await engine.execute({ type: "revoke_token", name }, operator);
  } catch (error) {
    if (!(error instanceof Refusal && error.code === "not_found")) throw error;
  }
}

function newName(prefix: string): string {
  return prefix + crypto.getRandomValues(new Uint8Array(6)).toHex();
}
