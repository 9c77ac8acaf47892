/** A minute of what clients do with a service, the same every minute: those that behave, and those that just go away. */

import type { Json } from "../../support/server.ts";
import type { ServiceRequest, SimulatedService } from "./service.ts";

const MCP_HEADERS = { accept: "application/json, text/event-stream" };

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "modern", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** How often each thing happened. */
export type Met = Record<
  | "sessions"
  | "left sessions"
  | "resumed streams"
  | "listens"
  | "streams"
  | "events"
  | "waits"
  | "given up"
  | "repeats"
  | "denials"
  | "refused tokens",
  number
>;

export function nothingMet(): Met {
  return {
    sessions: 0,
    "left sessions": 0,
    "resumed streams": 0,
    listens: 0,
    streams: 0,
    events: 0,
    waits: 0,
    "given up": 0,
    repeats: 0,
    denials: 0,
    "refused tokens": 0,
  };
}

export interface Minute {
  readonly service: SimulatedService;
  /** The number of the minute, which makes its ids differ from those of others. */
  readonly number: number;
  readonly met: Met;
  /** Lets time pass, in milliseconds. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Plays one minute of traffic. Nothing is under way at its end, but sessions that their clients have left. */
export async function playMinute(minute: Minute): Promise<void> {
  await workOverRest(minute);
  await workInSessions(minute);
  await listen(minute);
  await streamEvents(minute);
  await giveUpWaits(minute);
  await failToCome(minute);
}

/** Creates a task, claims, completes and deletes it; each call is repeated with its request id. */
async function workOverRest({ service, number, met, pass }: Minute): Promise<void> {
  const id = `rest-${number}`;
  const instance_id = `worker-${number % 7}`;
  const twice = async (path: string, body: Json) => {
    const headers = { "idempotency-key": `${path}-${number}` };
    await expect(service.request("POST", path, { body, headers }));
    const { repeated } = await expect(service.request("POST", path, { body, headers }));
    if (repeated === true) met.repeats++;
  };
  await twice("/api/v1/tasks", { id, description: "x".repeat(300) });
  await twice(`/api/v1/tasks/${id}/claim`, { instance_id });
  await pass(1_000);
  await twice(`/api/v1/tasks/${id}/complete`, { instance_id, result: "done" });
  await expect(service.request("DELETE", `/api/v1/tasks/${id}`));
}

/** Sessions of earlier revisions: one ends, one is left as it is, one loses its stream and takes it up again. */
async function workInSessions({ service, number, met, pass }: Minute): Promise<void> {
  for (const end of ["delete", "leave", "resume"] as const) {
    const session = await openSession(service);
    met.sessions++;
    const subscribe = { jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri: "orchestrator://tasks" } };
    await text(service.request("POST", "/mcp", { headers: session, body: subscribe }));
    const call = toolCall("create_task", { id: `${end}-${number}`, description: "in a session" });
    const lastEventId = eventIdIn(await text(service.request("POST", "/mcp", { headers: session, body: call })));
    const stream = await service.request("GET", "/mcp", { headers: { ...session, accept: "text/event-stream" } });
    await pass(500);
    await stream.body?.cancel();
    if (end === "resume") {
      const headers = { ...session, accept: "text/event-stream", "last-event-id": lastEventId };
      const resumed = await service.request("GET", "/mcp", { headers });
      if (resumed.ok) met["resumed streams"]++;
      await resumed.body?.cancel();
    }
    await expect(service.request("DELETE", `/api/v1/tasks/${end}-${number}`));
    if (end === "delete") await service.request("DELETE", "/mcp", { headers: session });
    else met["left sessions"]++;
  }
}

/** Listens as revision 2026-07-28 has it, until the client goes away. */
async function listen({ service, met, pass }: Minute): Promise<void> {
  const notifications = { resourceSubscriptions: ["orchestrator://tasks", "orchestrator://tasks/x"] };
  const body = { jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params: { notifications, _meta: META } };
  const headers = { ...MCP_HEADERS, "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" };
  const response = await service.request("POST", "/mcp", { body, headers });
  if (response.ok) met.listens++;
  await pass(1_000);
  await response.body?.cancel();
}

/** A stream that is read, one from the past that nobody reads, and a wait for the next event. */
async function streamEvents({ service, number, met, pass }: Minute): Promise<void> {
  const read = await service.request("GET", "/api/v1/events");
  const unread = await service.request("GET", "/api/v1/events?after=0");
  met.streams += 2;
  const wanted = `wait_ms=20000&type=task.deleted&since=${service.engine.seq}`;
  const next = text(service.request("GET", `/api/v1/events/next?${wanted}`));
  await pass(200);
  await expect(service.request("POST", "/api/v1/tasks", { body: { id: `event-${number}`, description: "told" } }));
  await expect(service.request("DELETE", `/api/v1/tasks/event-${number}`));
  await pass(200);
  if ((await next).includes(`event-${number}`)) met.events++;
  const reader = read.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await unread.body?.cancel();
}

/** Waits that end by themselves, by a newer one, and as their clients go away. */
async function giveUpWaits({ service, number, met, pass }: Minute): Promise<void> {
  const instance_id = `waiter-${number % 5}`;
  const wait = (options: ServiceRequest = {}) =>
    service.request("POST", "/api/v1/claims", { ...options, body: { instance_id, wait_ms: 5_000 } });
  const gone = new AbortController();
  const first = text(wait());
  await waits(service, instance_id);
  const second = text(wait());
  met.waits += (await first).includes("superseded") ? 1 : 0;
  await waits(service, instance_id);
  await pass(6_000);
  met.waits += (await second).includes("no_tasks") ? 1 : 0;
  const third = text(wait({ signal: gone.signal }));
  await waits(service, instance_id);
  gone.abort();
  await third;
  met["given up"]++;
}

/** A token that is issued, has no right, and is revoked; and tokens that never were. */
async function failToCome({ service, number, met }: Minute): Promise<void> {
  const secret = await service.issue(`observer-${number}`, "observer");
  const { status } = await service.request("POST", "/api/v1/tasks", { secret, body: { id: "x", description: "x" } });
  if (status === 403) met.denials++;
  await expect(service.request("DELETE", `/api/v1/tokens/observer-${number}`));
  for (const wrong of [secret, "nonsense"]) {
    const { status } = await service.request("GET", "/api/v1/tasks", { secret: wrong, address: `10.0.0.${number}` });
    if (status === 401) met["refused tokens"]++;
  }
}

async function openSession({ request }: SimulatedService): Promise<Readonly<Record<string, string>>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "earlier", version: "1" } };
  const body = { jsonrpc: "2.0", id: 0, method: "initialize", params };
  const response = await request("POST", "/mcp", { headers: MCP_HEADERS, body });
  await response.text();
  const headers = { ...MCP_HEADERS, "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
  await text(request("POST", "/mcp", { headers, body: { jsonrpc: "2.0", method: "notifications/initialized" } }));
  return headers;
}

/** Resolves when a claim of an instance waits. */
async function waits({ waiting }: SimulatedService, instance: string): Promise<void> {
  while (!waiting.instances().has(instance)) await new Promise((resolve) => setImmediate(resolve));
}

function toolCall(name: string, args: Json): Json {
  return { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name, arguments: args } };
}

function eventIdIn(stream: string): string {
  return /^id: (.+)$/m.exec(stream)?.[1] ?? "";
}

async function text(response: Promise<Response>): Promise<string> {
  return await (await response).text();
}

/** The answer to a request that must succeed. */
async function expect(response: Promise<Response>): Promise<Json> {
  const { ok, status } = await response;
  const answer = await text(response);
  if (!ok) throw new Error(`${status}: ${answer}`);
  return JSON.parse(answer);
}
