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

/** Raised by each question who is signed in, and by signing out: answers to requests sent before are out of date. */
let age = 0;

/** Finds out who is signed in, also when another tab changes that; takes the one-time key out of the address. */
export async function startSession(): Promise<void> {
  tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("session");
  tabs?.addEventListener("message", () => void checkSession());
  unauthorized.listen = () => {
    const sentAt = age;
    return () => {
      if (sentAt === age && who.value !== undefined) who.value = null;
    };
  };
  const key = keyIn(location.hash);
  if (key !== undefined) {
    history.replaceState(null, "", location.pathname);
    if (await signIn({ key })) return;
  }
  await checkSession();
}

/** Looks who is signed in now; the same user goes on undisturbed. If nobody is, `unauthorized` is told. */
export async function checkSession(): Promise<void> {
  const error = await askWho();
  // Without a connection nothing new is known; the stream of events says so.
  if (error === undefined || who.peek() !== undefined) return;
  if (error.status !== 401) signInError.value = error.message;
  who.value = null;
}

/** Signs in with a token, or with the key of a one-time address; tells whether that worked. */
export async function signIn(secret: { readonly token: string } | { readonly key: string }): Promise<boolean> {
  try {
    await change("POST", "/session", secret);
    const error = await askWho();
    if (error !== undefined) throw error;
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
  age++;
  who.value = null;
  tabs?.postMessage("out");
}

/** Asks who is signed in; returns why that is not known. An answer that is out of date is dropped. */
async function askWho(): Promise<ApiError | undefined> {
  const own = ++age;
  try {
    const found = await get<Who>("/session");
    if (own !== age) return undefined;
    // A sign-in that is refused later does not end the session that another tab began.
    age++;
    if (JSON.stringify(found) !== JSON.stringify(who.peek())) who.value = found;
    signInError.value = undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return own === age ? error : undefined;
  }
  return undefined;
}

/** What each role may do with the plan, beside seeing it. */
const RANK = { observer: 0, worker: 1, planner: 2, admin: 3 } as const;

/** Whether the user has at least a role: to hide what the server would refuse anyway. */
export function hasRole(role: Who["role"]): boolean {
  const own = who.value?.role;
  return own !== undefined && RANK[own] >= RANK[role];
}
