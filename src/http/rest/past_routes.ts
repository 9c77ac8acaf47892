/**
 * Earlier moments: `/at/{moment}` before the path of a GET that tells of the plan answers as it would have been answered
 * then, with what the caller may see both then and now.
 */

import type { Context, Hono } from "hono";
import { type Moment, parseMoment } from "../../app/history.ts";
import type { PastPlan, Questions } from "../../app/questions.ts";
import type { HttpEnv } from "../app.ts";
import { HttpError } from "../problem.ts";
import { type Route, ROUTES } from "./routes.ts";

/** The parameter of the path that names a moment. */
export const MOMENT = "moment";

/** Stands before the path of a route. */
export const PAST_PATH = `/at/{${MOMENT}}`;

/** The GETs that the state at a moment answers; others tell of what happened, or of what is not part of the plan. */
const PAST_OPERATIONS: readonly string[] = [
  "get_task_status",
  "get_task_details",
  "explain_task",
  "get_groups",
  "list_instances",
  "list_templates",
  "get_template",
  "get_plan_rows",
  "get_attempt_rows",
  "get_project",
  "get_metrics",
  "analyze_plan",
];

/** The routes that take an earlier moment. */
export const PAST_ROUTES: readonly Route[] = ROUTES.filter(({ method, operation }) => {
  return method === "get" && PAST_OPERATIONS.includes(operation);
});

/** What to do instead, where the path of a GET takes no moment. */
const INSTEAD: Readonly<Record<string, string>> = {
  "/history": "GET /history with until tells what had happened by then",
  "/events": "GET /history with until tells what had happened by then",
  "/events/next": "GET /history with until tells what had happened by then",
  "/audit": "GET /audit with until tells what had been done by then",
  "/tokens": "GET /audit with until tells which had been issued and revoked by then",
  "/webhooks": "GET /audit with until tells which had been added and removed by then",
};

/** Finds the moment that the path of a request names; tells in the answer's headers which one it is. */
export async function pastOf(
  c: Context<HttpEnv>,
  { questions, now }: { readonly questions: Pick<Questions, "lookBack">; readonly now: () => number },
): Promise<PastPlan> {
  const moment = momentOf(c.req.param(MOMENT) ?? "", now());
  const past = await questions.lookBack(moment, { caller: c.get("caller"), signal: c.req.raw.signal });
  c.header("orchestrator-seq", String(past.seq));
  c.header("orchestrator-time", new Date(past.at).toISOString());
  return past;
}

function momentOf(text: string, now: number): { readonly seq: number } | { readonly at: number } {
  const moment: Moment = parseMoment(text, MOMENT, now);
  if ("at" in moment) return moment;
  if (moment.index === undefined) return { seq: moment.seq };
  throw new HttpError(400, `${MOMENT} ${text} is one event of a record: give the record, like ${moment.seq}`, {
    code: "invalid_value",
  });
}

/** Refuses what takes no moment, and says what would work. */
export function refusePast(app: Hono<HttpEnv>): void {
  app.all("/at/*", ({ req }) => {
    const path = req.path.slice(req.path.indexOf("/at/")).replace(/^\/at\/[^/]*/, "");
    const taken = [...PAST_ROUTES.map((route) => route.path), "/graph"].join(", ");
    const instead = INSTEAD[path];
    throw new HttpError(
      404,
      `No earlier moment can be asked at ${path === "" ? "/" : path}: ${
        instead === undefined ? "" : `${instead}. `
      }After /at/{moment}, these paths can be read: ${taken}`,
      { code: "no_such_route" },
    );
  });
}
