/** Serves several projects side by side: each has all routes of a plan below `/p/NAME/`, and shares nothing with others. */

import { CALL_ID_HEADER, logOfCall } from "../app/call_id.ts";
import type { Log } from "../app/ports.ts";
import { isProjectName } from "../core/model/project_name.ts";
import type { Admission } from "./app.ts";
import { type Hosts, refusedOrigin } from "./hosts.ts";
import { problem, problemForAnyone } from "./problem.ts";
import type { Handler } from "./server.ts";

/** How requests are answered. */
export interface Routes {
  readonly handle: Handler;
  readonly admission: Admission;
}

/** A plan, which stays open until this is disposed of. */
export interface Use extends Disposable {
  readonly plan: Routes;
}

export interface ProjectsOptions {
  readonly hosts: Hosts;
  readonly log: Log;
  /** Begins to use the plan of a project: `unknown` if there is no such project, `full` if no further one can be opened. */
  readonly use: (project: string) => Promise<Use | "unknown" | "full">;
}

/** The path of a project, and what follows it. */
const PROJECT_PATH = /^\/p\/([^/]*)(\/.*)?$/;

export function projectsRoutes(options: ProjectsOptions): Routes {
  return {
    async handle(request, connection) {
      const found = await find(request, options);
      if (found instanceof Response) return found;
      const end = () => found[Symbol.dispose]();
      try {
        return await found.plan.handle(request, connection);
      } finally {
        // A stream uses the plan after its response has begun.
        if (connection.sent === undefined) end();
        else connection.sent.then(end);
      }
    },
    async admission(request, connection) {
      const found = await find(request, options);
      if (found instanceof Response) return found;
      using use = found;
      return await use.plan.admission(request, connection);
    },
  };
}

/** The plan that a request is for. A `Response` answers it. */
async function find(request: Request, { hosts, log, use }: ProjectsOptions): Promise<Use | Response> {
  const refused = refusedOrigin(request, hosts);
  if (refused !== undefined) return problem(403, refused);
  const { pathname, search } = new URL(request.url);
  if (pathname === "/healthz") return Response.json({ status: "ok" });
  const [, name, rest] = PROJECT_PATH.exec(pathname) ?? [];
  if (name === undefined) {
    return problem(404, `There is no ${pathname}: this server has several projects, each at /p/NAME/`, NO_ROUTE);
  }
  try {
    const found = isProjectName(name) ? await use(name) : "unknown";
    if (found === "unknown") return problem(404, `There is no project ${name}`, NO_ROUTE);
    if (found === "full") {
      return problem(503, "Too many projects are in use: repeat the request later", {
        headers: { "retry-after": "60" },
      });
    }
    if (rest !== undefined) return found;
    found[Symbol.dispose]();
    return new Response(null, { status: 308, headers: { location: `${pathname}/${search}` } });
  } catch (error) {
    return problemForAnyone(error, logOfCall(log, request.headers.get(CALL_ID_HEADER)));
  }
}

const NO_ROUTE = { code: "no_such_route" } as const;
