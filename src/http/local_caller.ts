/**
 * Commands of somebody who may read the data directory of the plan, as their key shows: they act as if they used the files,
 * for the local operator or with their token. Before they send the key, they have the service show that it has it, too.
 */

import { answerTo, isChallenge, isSameKey } from "../app/local_key.ts";
import { MAX_DURATION_MS } from "../core/model/limits.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { CallerOf, Mount } from "./app.ts";
import { problem } from "./problem.ts";

/** Where a service answers a challenge, below the path of its plan. */
export const CHALLENGE_PATH = "/api/v1/local";

export const CHALLENGE_HEADER = "orchestrator-challenge";
export const KEY_HEADER = "orchestrator-key";

/** How long a task without `timeout_ms` is kept for the caller that claims it, in milliseconds. */
export const LEASE_HEADER = "orchestrator-lease-ms";

/** The name of these callers in the journal, as for those that use the files. */
const CALLER = "cli";

export interface LocalOptions {
  readonly key: string;
  /** Identifies this process in the journal. */
  readonly process: string;
  /** Who calls with a token. */
  readonly withToken: CallerOf;
  /** Who calls without the key. */
  readonly others: CallerOf;
}

/** The caller that the key shows, or whom a request without one comes from. */
export function localCaller({ key, process, withToken, others }: LocalOptions): CallerOf {
  const via = { transport: "cli", process } as const;
  return async (request, connection) => {
    const { headers } = request;
    const given = headers.get(KEY_HEADER);
    if (given === null) return await others(request, connection);
    if (!await isSameKey(given, key)) {
      // Without a code: the caller's rights have not been looked at.
      return problem(401, `${KEY_HEADER} is not the key of this run of the service`);
    }
    const leaseMs = leaseIn(headers);
    if (!headers.has("authorization")) {
      return { caller: { name: CALLER, role: "admin", via }, instance: undefined, leaseMs };
    }
    const who = await withToken(request, connection);
    return who instanceof Response ? who : { ...who, caller: { ...who.caller, name: CALLER, via }, leaseMs };
  };
}

function leaseIn(headers: Headers): number | undefined {
  const text = headers.get(LEASE_HEADER);
  if (text === null) return undefined;
  const leaseMs = Number(text);
  if (Number.isInteger(leaseMs) && leaseMs > 0 && leaseMs <= MAX_DURATION_MS) return leaseMs;
  throw new Refusal("invalid_value", `${LEASE_HEADER} must be a number of milliseconds, at most ${MAX_DURATION_MS}`);
}

/** The route that answers challenges. It needs no caller. */
export function challengeMount(key: string, base: string): Mount {
  return (app) =>
    app.get(CHALLENGE_PATH, async ({ req }) => {
      const challenge = req.header(CHALLENGE_HEADER) ?? "";
      if (!isChallenge(challenge)) {
        const detail = `GET ${base}${CHALLENGE_PATH} takes the header ${CHALLENGE_HEADER}: 64 hexadecimal digits`;
        return problem(400, detail, { code: "invalid_value" });
      }
      return Response.json({ answer: await answerTo(challenge, key) }, { headers: { "cache-control": "no-store" } });
    });
}
