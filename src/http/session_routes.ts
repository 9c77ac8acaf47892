/** Sign-in: who is signed in, and the routes that begin and end a session. */

import { Hono } from "hono";
import * as z from "zod";
import { endSession, exchangeKey, isKey, type SignIn, tokenNameOf } from "../app/sign_in.ts";
import { type KnownCaller, localOperator } from "../core/model/access.ts";
import type { Admission, HttpEnv, Mount } from "./app.ts";
import { type BearerOptions, secretReader } from "./bearer.ts";
import { HttpError, problem, problemForAnyone, problemOf } from "./problem.ts";
import { API_PATH } from "./rest/rest_routes.ts";
import { noSessionCookie, sessionCookie } from "./session_cookie.ts";
import type { Log } from "../app/ports.ts";

/** Where the routes are. */
export const SESSION_PATH = `${API_PATH}/session`;

/** Most bytes of the body of a sign-in, which anybody may send. */
export const MAX_SIGN_IN_BYTES = 1_000;

const METHODS = "GET, HEAD, POST, DELETE";

/** A key and a token are told apart by what they are, so either may be given as the other. */
const SIGN_IN = z.union([z.strictObject({ token: z.string() }), z.strictObject({ key: z.string() })]);

export interface SessionOptions extends Omit<BearerOptions, "engine"> {
  readonly engine: SignIn["engine"] & BearerOptions["engine"];
  /** Whether the service has no access control, so that nobody needs to sign in. */
  readonly isOpen: boolean;
  /** The version of the program. */
  readonly version: string;
  readonly log: Log;
}

/** The route that begins a session. It needs no caller. */
export function signInMount(options: SessionOptions): Mount {
  const { engine, process, isOpen, log, base = "" } = options;
  const read = secretReader(options);
  return (app) =>
    app.post(SESSION_PATH, async ({ req: { raw }, env }) => {
      if (isOpen) return problem(409, "This server is open: nobody needs to sign in", { code: "wrong_state" });
      try {
        const secret = await secretIn(raw);
        const { address } = env;
        const found = await read(secret, {
          address,
          how: "give token or key, as the command token issue or open printed it",
        });
        if (found instanceof Response) return found;
        const via = { transport: "http" as const, process, ...(address !== undefined && { address }) };
        const signIn = { engine, operator: localOperator("orchestrator", via) };
        const session = isKey(found.known) ? await exchangeKey(signIn, found.known) : { secret };
        const headers = { "set-cookie": sessionCookie(raw.url, session.secret, base), "cache-control": "no-store" };
        return Response.json(describe(found.known, "name" in session ? session.name : undefined), { headers });
      } catch (error) {
        return problemForAnyone(error, log);
      }
    });
}

/** The routes of whoever has a session or a token. */
export function sessionRoutes({ engine, process, isOpen, version, log, base = "" }: SessionOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.onError((error) => problemOf(error, log));
  app.get("/", async (c) => {
    const known = await engine.query({ type: "get_caller" }, c.get("caller"));
    c.header("cache-control", "no-store");
    return c.json({ ...describe(known), open: isOpen, version });
  });
  app.delete("/", async (c) => {
    const known = await engine.query({ type: "get_caller" }, c.get("caller"));
    const via = { transport: "http" as const, process };
    await endSession({ engine, operator: localOperator("orchestrator", via) }, known);
    return c.json({ ended: true }, 200, {
      "set-cookie": noSessionCookie(c.req.url, base),
      "cache-control": "no-store",
    });
  });
  app.all("/", ({ req }) =>
    problem(405, `${req.path} does not take ${req.method}, only ${METHODS}`, {
      code: "method_not_allowed",
      headers: { allow: METHODS },
    }));
  return app;
}

/**
 * Admits sign-ins too, which need no caller, if they are short: so they cannot fill the room for bodies.
 *
 * @param base the path at which the plan is served
 */
export function admittingSignIns(admission: Admission, base = ""): Admission {
  return async (request, connection) => {
    const { method, url, headers } = request;
    if (method !== "POST" || new URL(url).pathname !== base + SESSION_PATH) return await admission(request, connection);
    const length = headers.get("content-length");
    if (length !== null && Number(length) <= MAX_SIGN_IN_BYTES) return undefined;
    return problem(413, `The body of a sign-in has at most ${MAX_SIGN_IN_BYTES} bytes, with the header Content-Length`);
  };
}

async function secretIn(request: Request): Promise<string> {
  const isJson = /^application\/json\s*(?:;|$)/i.test(request.headers.get("content-type") ?? "");
  const { data } = isJson ? SIGN_IN.safeParse(parse(await request.text())) : { data: undefined };
  if (data !== undefined) return "token" in data ? data.token : data.key;
  throw new HttpError(400, 'Send {"token": "…"} or {"key": "…"} as application/json', { code: "invalid_value" });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Refused like any other body that is no sign-in.
    return undefined;
  }
}

function describe(known: KnownCaller, name = tokenNameOf(known) ?? known.name) {
  const { role, audiences, instance } = known;
  return { name, role, ...(audiences !== undefined && { audiences }), ...(instance !== undefined && { instance }) };
}
