/**
 * The cookie of a session: the secret of its token, which no script of a page can read. It counts for the API only, and for
 * nothing that a page of another site may have caused.
 */

import { SESSION_MS } from "../app/sign_in.ts";
import { API_PATH } from "./rest/rest_routes.ts";

/** Methods that change nothing. */
const SAFE_METHODS = ["GET", "HEAD"];

/**
 * The secret in the cookie of a request to the API; undefined if there is none.
 *
 * @param base where the plan is served: empty for the root
 */
export function secretInCookie({ url, headers }: Request, base: string): string | undefined {
  if (!new URL(url).pathname.startsWith(`${base}${API_PATH}/`)) return undefined;
  const start = `${cookieName(url)}=`;
  const cookies = headers.get("cookie")?.split(/; */) ?? [];
  return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length);
}

/**
 * Why a request with the cookie is refused, as a page of another site may have caused it; undefined if it is not. Whether
 * `Origin` is that of this server was checked before.
 */
export function refusedForgery({ method, headers }: Request): string | undefined {
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || (SAFE_METHODS.includes(method) && (site === null || site === "none"))) return undefined;
  if (site === null && headers.has("origin")) return undefined;
  return "Only pages of this server may use the cookie of its sessions: send the header Origin or Sec-Fetch-Site as " +
    "browsers do, or a token in the header Authorization";
}

/** Sets the cookie, which browsers send to that plan only. */
export function sessionCookie(url: string, secret: string, base: string): string {
  return `${cookieName(url)}=${secret}; HttpOnly; SameSite=Strict; Path=${base}/; Max-Age=${SESSION_MS / 1_000}`;
}

/** Removes the cookie. */
export function noSessionCookie(url: string, base: string): string {
  return `${cookieName(url)}=; HttpOnly; SameSite=Strict; Path=${base}/; Max-Age=0`;
}

/** Servers on several ports of a host have different cookies, as browsers send one to all of them. */
function cookieName(url: string): string {
  const { port, protocol } = new URL(url);
  return `orchestrator_${port || (protocol === "https:" ? "443" : "80")}`;
}
