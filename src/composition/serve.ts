/** The composition of `serve`: one process for many clients over HTTP. main.ts loads it only for that command. */

import { type FileLocation, type Location, type NamedLocation, pathOf } from "../cli/location.ts";
import { listenFlag } from "../cli/launch.ts";
import { dashboardAddress, signInAddress } from "../cli/open.ts";
import { Refusal } from "../core/model/refusal.ts";
import { hostsOf, isLoopback } from "../http/hosts.ts";
import { type ProjectsOptions, projectsRoutes } from "../http/projects_handler.ts";
import { HttpServer, type HttpServerOptions } from "../http/server.ts";
import { MAX_OPEN_PLANS, OpenPlans } from "./open_plans.ts";
import { type HttpInvocation, type PlanParts, type ServedPlan, startPlan } from "./serve_plan.ts";

export interface ServeParts extends Omit<PlanParts, "requests" | "addressOf"> {
  /** Finds the plan that the arguments name, or makes it. */
  readonly locate: (named: NamedLocation) => Promise<Location>;
  /** Finds the data of a project; resolves to undefined if there is no such project. */
  readonly locateExisting: (project: string) => Promise<FileLocation | undefined>;
  /** What people start. */
  readonly programName: string;
  /** Whether a person sees what is printed. */
  readonly isWatched: boolean;
  /** Aborted when the program shall end. */
  readonly ending: AbortSignal;
}

/** Refuses what cannot be served, before anything is opened. */
export function checkServed({ host, port, open }: HttpInvocation): void {
  if (open && !isLoopback(host)) {
    throw new Refusal(
      "invalid_value",
      `Cannot serve --open on ${host}, which other machines may reach: leave --host out, or give 127.0.0.1 or ::1`,
    );
  }
  const flag = listenFlag(host, port);
  const permission = Deno.permissions.querySync({ name: "net", host: flag.slice(flag.indexOf("=") + 1) });
  if (permission.state !== "granted") {
    throw new Refusal("invalid_value", `Cannot listen without permission: start with ${flag}`);
  }
}

/** Serves clients over HTTP until `ending`. What they send before the plans are open waits. */
export async function serveHttp(invocation: HttpInvocation, parts: ServeParts): Promise<void> {
  const { host, location, allowHost = [] } = invocation;
  const { log, ending } = parts;
  // An address on which it cannot listen is refused before a plan is opened, or made.
  const server = await listen({ host, port: invocation.port, log });
  const { port } = server;
  const start = (location: Location) => {
    return startPlan(location, invocation, {
      ...parts,
      requests: () => server.requests,
      addressOf: (path) => dashboardAddress({ host, port, path }),
    });
  };
  await using plans = new OpenPlans<ServedPlan>({
    log,
    open: async (project) => {
      const found = await parts.locateExisting(project);
      return found && await begun(await start(found), ending);
    },
  });
  try {
    const pinned = await startPinned(plans, location, { start, locate: parts.locate });
    const [only] = pinned;
    server.answer(
      only !== undefined && pathOf(only.location) === "/"
        ? only
        : projectsRoutes({ hosts: hostsOf(host, allowHost), log, use: useOf(plans, location) }),
    );
    for (const plan of pinned) await announce(plan, { ...invocation, port }, parts);
    if (location.type === "projects" && location.isAll) announceAll({ ...invocation, port }, parts);
    if (!ending.aborted) await new Promise((resolve) => ending.addEventListener("abort", resolve));
  } finally {
    // Calls that wait for a task are answered at once, so that they do not delay the end.
    await Promise.all([server.close(), ...plans.plans.map((plan) => plan.stop())]);
  }
}

interface PinOptions {
  readonly start: (location: Location) => Promise<ServedPlan>;
  readonly locate: ServeParts["locate"];
}

/** Opens the plans that are open until the end. */
async function startPinned(
  plans: OpenPlans<ServedPlan>,
  named: HttpInvocation["location"],
  { start, locate }: PinOptions,
): Promise<readonly ServedPlan[]> {
  if (named.type !== "projects") return [await pin(plans, await locate(named), start)];
  if (named.names.length > MAX_OPEN_PLANS) {
    throw new Refusal("limit_exceeded", `Cannot keep more than ${MAX_OPEN_PLANS} projects open: serve others apart`);
  }
  const pinned = new Map<string, ServedPlan>();
  for (const project of named.names) {
    const location = await locate({ type: "project", project });
    // `auto` may be one that is named, too.
    if (!pinned.has(pathOf(location))) pinned.set(pathOf(location), await pin(plans, location, start));
  }
  return Array.from(pinned.values());
}

async function pin(plans: OpenPlans<ServedPlan>, location: Location, start: PinOptions["start"]): Promise<ServedPlan> {
  const plan = await start(location);
  plans.pin(nameOf(location), plan);
  return plan;
}

/** The name of the project; empty for a plan that is none, which is alone. */
function nameOf(location: Location): string {
  return location.store === "file" ? location.project?.name ?? "" : "";
}

/** How a request for a project begins to use its plan: of all projects, or only of those that are open anyway. */
function useOf(plans: OpenPlans<ServedPlan>, location: HttpInvocation["location"]): ProjectsOptions["use"] {
  const isAll = location.type === "projects" && location.isAll;
  return async (project) => isAll || plans.has(project) ? await plans.use(project) : "unknown";
}

/** A plan that was opened for a request, as far as it must be before it answers. */
async function begun(plan: ServedPlan, ending: AbortSignal): Promise<ServedPlan> {
  try {
    await plan.begin();
    // The others were stopped before this one was open.
    if (ending.aborted) await plan.stop();
    return plan;
  } catch (error) {
    await plan[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the lines for the person who starts the program say. */
type Listening = Pick<HttpInvocation, "host" | "port" | "open">;

/** Begins what an open plan does by itself, and says where it is. */
async function announce(plan: ServedPlan, { host, port, open }: Listening, parts: ServeParts): Promise<void> {
  const isFirst = await plan.begin();
  const path = pathOf(plan.location);
  const { print } = parts;
  print(`Serving ${addressOf(host, port)}${path} ${rightsOf(open)}`);
  const dashboard = dashboardAddress({ host, port, path });
  print(
    open
      ? `Dashboard: ${dashboard}`
      : await signInLine(plan, { ...parts, dashboard, isWatched: parts.isWatched || isFirst }),
  );
}

function announceAll({ host, port, open }: Listening, { print, programName }: ServeParts): void {
  print(`Serving ${addressOf(host, port)}/p/NAME/ ${rightsOf(open)}: every project by its name`);
  print(`Dashboards: ${dashboardAddress({ host, port, path: "/p/NAME/" })}${open ? "" : `; ${openLine(programName)}`}`);
}

function openLine(programName: string): string {
  return `${programName} open prints an address that signs in`;
}

function addressOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function rightsOf(open: boolean): string {
  return open ? "without access control" : "for clients with a token";
}

/** The line that tells how to sign in at the dashboard. A log that nobody watches gets no key, but for the first start. */
async function signInLine(
  plan: ServedPlan,
  { dashboard, isWatched, programName }: Pick<ServeParts, "isWatched" | "programName"> & { readonly dashboard: string },
): Promise<string> {
  if (!isWatched) return `Dashboard: ${dashboard}; ${openLine(programName)}`;
  const address = signInAddress(dashboard, await plan.issueKey());
  return `Dashboard: ${address} signs in once, within 10 minutes; ${programName} open prints another`;
}

/** Starts to listen. Says what would work if it cannot. */
async function listen(options: HttpServerOptions): Promise<HttpServer> {
  try {
    return await HttpServer.listen(options);
  } catch (cause) {
    const { host, port } = options;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = REMEDIES[code] ?? `${cause}`;
    throw new Refusal("invalid_value", `Cannot listen on ${host}, port ${port}: ${why}`);
  }
}

/** What to do about errors of the system, by their codes. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses the port: give another with --port, or 0 for any free one",
  EADDRNOTAVAIL: "this machine has no such address: --host takes one that it has, like 127.0.0.1",
  // Deno's `node:http` tells so of an address that this machine does not have.
  EINVAL: "this machine has no such address, or does not permit it: --host takes one that it has, like 127.0.0.1",
  EACCES: "the system does not permit it: give a port from 1024 on with --port",
};
