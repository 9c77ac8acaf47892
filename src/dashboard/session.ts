/** Who uses the page, and signing in and out. The secret is in a cookie that scripts cannot read. */

import { signal } from "@preact/signals";
import { ApiError, change, get, unauthorized } from "./api/client.ts";
import type { Who } from "./api/types.ts";
import { keyIn } from "./key_in_address.ts";

/** The user; undefined until it is known, `null` if nobody is signed in. */
export const who = signal<Who | null | undefined>(undefined);

/** Why signing in failed. */
export const signInError = signal<string | undefined>(undefined);

/** All tabs of a browser have one session: what one of them changes, the others look at. */
let tabs: BroadcastChannel | undefined;

/** Finds out who is signed in, also when another tab changes that; takes the one-time key out of the address. */
export async function startSession(): Promise<void> {
  tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("session");
  tabs?.addEventListener("message", () => void checkSession());
  unauthorized.listener = () => {
    if (who.value !== undefined) who.value = null;
  };
  const key = keyIn(location.hash);
  if (key !== undefined) {
    history.replaceState(null, "", location.pathname);
    if (await signIn({ key })) return;
  }
  try {
    who.value = await get<Who>("/session");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) signInError.value = error.message;
    who.value = null;
  }
}

/** Looks who is signed in now; the same user goes on undisturbed. If nobody is, `unauthorized` is told. */
export async function checkSession(): Promise<void> {
  try {
    const found = await get<Who>("/session");
    if (JSON.stringify(found) !== JSON.stringify(who.peek())) who.value = found;
  } catch (error) {
    // Without a connection nothing is known; the stream of events says so.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Signs in with a token, or with the key of a one-time address; tells whether that worked. */
export async function signIn(secret: { readonly token: string } | { readonly key: string }): Promise<boolean> {
  try {
    await change("POST", "/session", secret);
    who.value = await get<Who>("/session");
    signInError.value = undefined;
    tabs?.postMessage("in");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    signInError.value = error.message;
    return false;
  }
}

export async function signOut(): Promise<void> {
  await change("DELETE", "/session");
  who.value = null;
  tabs?.postMessage("out");
}

/** What each role may do with the plan, beside seeing it. */
const RANK = { observer: 0, worker: 1, planner: 2, admin: 3 } as const;

/** Whether the user has at least a role: to hide what the server would refuse anyway. */
export function hasRole(role: Who["role"]): boolean {
  const own = who.value?.role;
  return own !== undefined && RANK[own] >= RANK[role];
}
