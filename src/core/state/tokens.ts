/**
 * The tokens, and the rights of a caller at the time of its call. A caller brings the digest of its token, never its
 * rights, so a revoked or expired token is refused at once, in every process and also to claims that wait.
 */

import {
  type Access,
  authorize,
  type Caller,
  denialOf,
  Denied,
  isAuthorized,
  type KnownCaller,
  type Via,
} from "../model/access.ts";
import type { NewToken, Token, TokenView } from "../model/token.ts";
import type { ReadonlyState, State } from "./state.ts";

/**
 * Refuses a call to a caller without the right to it; returns the caller as it is known now.
 *
 * @param now milliseconds since the Unix epoch
 * @param call the type of the command or query
 * @throws Denied `unauthorized` or `forbidden`
 */
export function admit(
  state: ReadonlyState,
  { caller, now }: { readonly caller: Caller; readonly now: number },
  { call, access }: { readonly call: string; readonly access: Access },
): KnownCaller {
  const known = "role" in caller ? caller : holderOf(state, caller, now);
  if (typeof known !== "string") {
    authorize(known, call, access);
    return known;
  }
  const via = viaOf(state, caller);
  throw new Denied(
    "unauthorized",
    `Cannot ${call} as your token ${known}: ask an admin for a new one`,
    denialOf({ name: caller.name, ...(via !== undefined && { via }), call, access }, "token"),
  );
}

/** Whether `admit` would let a caller make a call that needs this. */
export function isAdmitted(
  state: ReadonlyState,
  { caller, now }: { readonly caller: Caller; readonly now: number },
  access: Access,
): boolean {
  const known = knownCaller(state, caller, now);
  return known !== undefined && isAuthorized(known, access);
}

/** The caller with the rights that it has now; undefined if its token is not valid. */
export function knownCaller(state: ReadonlyState, caller: Caller, now: number): KnownCaller | undefined {
  const known = "role" in caller ? caller : holderOf(state, caller, now);
  return typeof known === "string" ? undefined : known;
}

/** The way by which a call comes, with the name of the caller's token, if it has a known one. */
export function viaOf(state: ReadonlyState, caller: Caller): Via | undefined {
  const token = "token" in caller ? findToken(state, caller.token) : undefined;
  return token === undefined || caller.via === undefined ? caller.via : { ...caller.via, token: token.name };
}

/** The caller with the rights of its token; why it has none, in words, if the token is not valid. */
function holderOf(
  state: ReadonlyState,
  caller: Extract<Caller, { readonly token: string }>,
  now: number,
): KnownCaller | string {
  const token = findToken(state, caller.token);
  if (token === undefined) return "is unknown: it was never issued, or was revoked";
  const { name, role, instance, audiences, expiresAt = Infinity } = token;
  if (expiresAt <= now) return `has expired: ${name} was valid until ${new Date(expiresAt).toISOString()}`;
  const via = viaOf(state, caller);
  return {
    name: caller.name,
    ...(via !== undefined && { via }),
    role,
    ...(instance !== undefined && { instance }),
    ...(audiences !== undefined && { audiences }),
  };
}

/**
 * The token with a digest. A map compares in no constant time, and need not: who measures it learns something of a digest
 * that it had itself made of a guess, and a digest leads to no secret.
 */
function findToken(state: ReadonlyState, digest: string): Token | undefined {
  return state.digests.get(digest);
}

/** Adds a token that was issued at `createdAt`. */
export function addToken(state: State, issued: NewToken, createdAt: number): void {
  const token = { ...issued, createdAt };
  state.tokens.set(token.name, token);
  state.digests.set(token.digest, token);
}

export function removeToken(state: State, name: string): void {
  const token = state.tokens.get(name);
  if (token !== undefined) state.digests.delete(token.digest);
  state.tokens.delete(name);
}

export function tokenViewOf({ digest: _, ...token }: Token, now: number): TokenView {
  return { ...token, isExpired: (token.expiresAt ?? Infinity) <= now };
}
