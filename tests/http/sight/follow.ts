/** Follows a plan as its callers do: by streams of events, and by subscriptions in both kinds of revisions. */

import { API_PATH } from "../../../src/http/rest/rest_routes.ts";
import { EventReader } from "../../support/event_source.ts";
import { eventsOf, type StreamEvent } from "../../support/mcp_over_http.ts";
import { MCP_HEADERS } from "../../support/mcp_request.ts";
import type { Json } from "../../support/server.ts";
import { SHOWN_GROUPS } from "../../core/hidden_plan.ts";
import { OWN } from "./planner_calls.ts";
import { mcpRequest, SINGLE_RESOURCES } from "./views.ts";
import type { Viewer, World } from "./world.ts";

/** The task whose creation ends the plan, in a group that the callers see. */
export const LAST_TASK = "last";

const LAST_EVENT = `"type":"orchestrator.task.ready","subject":"${LAST_TASK}"`;
const LAST_RESOURCE = `orchestrator://tasks/${LAST_TASK}`;
const RESOURCES = [...SINGLE_RESOURCES, LAST_RESOURCE];

export interface Followed {
  /** What was told up to the creation of the last task: the same texts in the same order for all plans. */
  readonly end: () => Promise<readonly string[]>;
}

/** Begins to follow a plan. */
export async function follow(world: World, viewer: Viewer): Promise<Followed> {
  const events = await openEvents(world, viewer);
  const listening = eventsOf(await listen(world, viewer));
  // The acknowledgement: from now on, no change is missed.
  await listening.next();
  const session = await subscribe(world, viewer);
  return {
    async end() {
      const gone = await goneResources(world, viewer);
      const remaining = (uris: readonly string[]) => JSON.stringify(uris.filter((uri) => !gone.has(uri)));
      return [
        await textUpToLast(events),
        remaining(await notifiedUpToLast(listening)),
        remaining(await notifiedUpToLast(session)),
        await textUpToLast(await openEvents(world, viewer, "?after=0")),
        await textUpToLast(await openEvents(world, viewer, "?after=0&group=pg")),
      ];
    },
  };
}

async function openEvents(world: World, viewer: Viewer, query = ""): Promise<EventReader> {
  const response = await world.send(viewer, { method: "GET", path: `${API_PATH}/events${query}` });
  if (response.status !== 200) throw new Error(await response.text());
  return new EventReader(response);
}

/** What shows that the connection lives, after a silence: how fast the machine is decides whether it comes. */
const KEEP_ALIVE = /(id: [^\n]*\n)?: keep-alive\n\n/g;

/** The text of a stream up to its last event, which ends it. */
async function textUpToLast(events: EventReader): Promise<string> {
  await using stream = events;
  await stream.until(LAST_EVENT);
  // Its data is one line, which may not be there whole.
  return stream.text.slice(0, stream.text.indexOf(LAST_EVENT)).replaceAll(KEEP_ALIVE, "");
}

async function listen(world: World, viewer: Viewer): Promise<Response> {
  const params = { notifications: { resourceSubscriptions: RESOURCES } };
  return await world.send(viewer, mcpRequest({ method: "subscriptions/listen", params }));
}

/** Subscribes to the resources in a session; resolves to its stream. */
async function subscribe(world: World, viewer: Viewer): Promise<AsyncIterableIterator<StreamEvent>> {
  let session = {};
  const post = async (id: number, method: string, params: Json) => {
    const body = { jsonrpc: "2.0", id, method, params };
    const headers = { ...MCP_HEADERS, ...session };
    const response = await world.send(viewer, { method: "POST", path: "/mcp", body, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return response;
  };
  const clientInfo = { name: "raw", version: "1" };
  const opened = await post(0, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  const headers = { accept: "text/event-stream", ...session };
  const stream = await world.send(viewer, { method: "GET", path: "/mcp", headers });
  // What is not there cannot be subscribed to yet, or can: both the same, whether it is hidden or not.
  for (const [index, uri] of RESOURCES.entries()) await post(1 + index, "resources/subscribe", { uri });
  return eventsOf(stream);
}

/**
 * The resources of the callers' own tasks and groups that are not there. Whether one was told that came and went between
 * two looks depends on when these were.
 */
async function goneResources(world: World, viewer: Viewer): Promise<ReadonlySet<string>> {
  const paths = [...OWN.map((id) => `tasks/${id}`), ...SHOWN_GROUPS.map((id) => `groups/${id}`)];
  const gone = await Promise.all(paths.map(async (path) => {
    const response = await world.send(viewer, { method: "GET", path: `${API_PATH}/${path}` });
    await response.body?.cancel();
    return response.status === 404 ? [`orchestrator://${path}`] : [];
  }));
  return new Set(gone.flat());
}

/** The resources that were told to have changed, each once, up to the last task. Some changes are told as one. */
async function notifiedUpToLast(stream: AsyncIterableIterator<StreamEvent>): Promise<readonly string[]> {
  const uris = new Set<string>();
  while (!uris.has(LAST_RESOURCE)) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error(`The stream ended after ${[...uris]}`);
    const { method, params } = value.message ?? {};
    if (method === "notifications/resources/updated") uris.add(String(Object(params).uri));
  }
  await stream.return?.();
  return [...uris].sort();
}
