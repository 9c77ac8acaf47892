/**
 * Shows what the callers of each role may do over HTTP: every tool, resource, prompt and completion of MCP in both kinds of
 * revisions, every route of REST, and the stream of events; and that callers without a valid token learn nothing.
 */

import { assert, assertEquals } from "@std/assert";
import { type Role, ROLES, type Verb } from "../../src/core/model/access.ts";
import { PAST_PATH, PAST_ROUTES } from "../../src/http/rest/past_routes.ts";
import { API_PATH } from "../../src/http/rest/rest_routes.ts";
import { pathParameters, ROUTES } from "../../src/http/rest/routes.ts";
import { MCP_HEADERS, type McpRequest, modernRequest } from "../support/mcp_request.ts";
import { messageOf } from "../support/mcp_over_http.ts";
import { type RestRequest, restRequest } from "../support/rest_request.ts";
import { ADMIN_OPERATIONS, RESOURCES, TOOLS, VERBS } from "../support/rights.ts";
import { CLASSIFIED, type Secured, startSecured } from "../support/secured.ts";
import type { Json } from "../support/server.ts";
import { recordsOf } from "../support/store.ts";

const EXPECTED = { ...TOOLS, ...ADMIN_OPERATIONS };

/** Values of path parameters that the call in the table does not need. */
const IN_PATH: Json = { task_id: "a", instance_id: "x", group_id: "g", name: "bugfix", moment: "1" };

interface RestCall extends RestRequest {
  readonly name: string;
  readonly verb: Verb;
}

/** A request of each route, and the right that it needs: that of its operation. */
const REST: readonly RestCall[] = [
  ...ROUTES.flatMap((route) =>
    [route.operation, ...(route.orWith === undefined ? [] : [route.orWith.operation])].map((operation) =>
      requestOf(route.method, route.path, operation)
    )
  ),
  ...PAST_ROUTES.map(({ method, path, operation }) => requestOf(method, PAST_PATH + path, operation)),
  ...["/graph", `${PAST_PATH}/graph`, "/events", "/openapi.json"].map((path) => ({
    name: `GET ${path}`,
    verb: "see" as const,
    method: "GET",
    path: API_PATH + path.replace("{moment}", "1"),
  })),
];

function requestOf(method: string, path: string, operation: string): RestCall {
  const [verb, args] = EXPECTED[operation] ?? [undefined, {}];
  assert(verb !== undefined, `${operation} is not in the table of rights`);
  const inPath = Object.fromEntries(pathParameters(path).map((name) => [name, IN_PATH[name]]));
  const name = `${method.toUpperCase()} ${path} (${operation})`;
  return { name, verb, ...restRequest({ method, path }, { ...inPath, ...args }) };
}

interface McpCall extends McpRequest {
  readonly name: string;
  readonly verb: Verb;
}

/** A request of each kind of MCP, and the right that it needs. */
const MCP: readonly McpCall[] = [
  ...Object.entries(TOOLS).map(([name, [verb, args]]) => ({
    name,
    verb,
    method: "tools/call",
    params: { name, arguments: args },
  })),
  ...RESOURCES.map((uri) => ({ name: uri, verb: "see" as const, method: "resources/read", params: { uri } })),
  {
    name: "completion",
    verb: "see",
    method: "completion/complete",
    params: {
      ref: { type: "ref/resource", uri: "orchestrator://tasks/{id}" },
      argument: { name: "id", value: "" },
    },
  },
  { name: "prompts", verb: "see", method: "prompts/get", params: { name: "plan_work", arguments: {} } },
];

/** Those that only one kind of revisions has. */
const MODERN_MCP: readonly McpCall[] = [
  {
    name: "listen",
    verb: "see",
    method: "subscriptions/listen",
    params: { notifications: { resourceSubscriptions: RESOURCES } },
  },
];
const SESSION_MCP: readonly McpCall[] = RESOURCES.map((uri) => {
  return { name: `subscribe to ${uri}`, verb: "see", method: "resources/subscribe", params: { uri } };
});

/** Sends a request of revision 2026-07-28, which stands alone. */
async function modern({ request }: Secured, call: McpCall, authorization?: string): Promise<Response> {
  return await request("POST", "/mcp", { authorization, ...modernRequest(call) });
}

/** Opens a session of an earlier revision; resolves to the header that names it. */
async function openSession({ request }: Secured, authorization: string | undefined) {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  const body = { jsonrpc: "2.0", id: 0, method: "initialize", params };
  const response = await request("POST", "/mcp", { authorization, body, headers: MCP_HEADERS });
  await response.body?.cancel();
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

async function inSession(
  { request }: Secured,
  { method, params }: McpCall,
  { authorization, session }: {
    readonly authorization: string | undefined;
    readonly session: Readonly<Record<string, string>>;
  },
): Promise<Response> {
  const body = { jsonrpc: "2.0", id: 1, method, params };
  return await request("POST", "/mcp", { authorization, body, headers: { ...MCP_HEADERS, ...session } });
}

/** The code with which a call of MCP is refused; undefined if it is carried out. */
async function mcpCodeOf(response: Response): Promise<string | undefined> {
  assertEquals(response.status, 200);
  const { result, error } = await messageOf(response);
  const code = Object(Object(Object(result).structuredContent).error).code ?? Object(Object(error).data).code;
  assert(error === undefined || code !== undefined, JSON.stringify(error));
  return code;
}

/** The status and code of a request of REST. */
async function restCodeOf(response: Response): Promise<readonly [number, string | undefined]> {
  const type = response.headers.get("content-type") ?? "";
  if (type !== "application/problem+json") {
    await response.body?.cancel();
    return [response.status, undefined];
  }
  return [response.status, (await response.json()).code];
}

function mayDo(role: Role, verb: Verb): boolean {
  return VERBS[role].includes(verb);
}

Deno.test("each operation of REST has a row in the table of rights", async () => {
  await using secured = await startSecured();
  const response = await secured.request("GET", `${API_PATH}/openapi.json`, {
    authorization: secured.bearers.get("observer"),
  });
  const { paths } = await response.json();
  const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const tried = new Set(REST.map(({ name }) => name.replace(/ \(.*/, "")));
  assertEquals(described.toSorted(), [...tried].toSorted());
});

for (const role of ROLES) {
  const may = VERBS[role].join(", ");

  Deno.test(`over REST, a caller that is ${role} may ${may}, and gets 403 for all else`, async () => {
    await using secured = await startSecured();
    for (const { name, verb, method, path, body } of REST) {
      const authorization = secured.bearers.get(role);
      const response = await secured.request(method, path, { authorization, ...(body !== undefined && { body }) });
      const [status, code] = await restCodeOf(response);
      if (mayDo(role, verb)) assert(![401, 403].includes(status) && status < 500, `${name}: ${status}`);
      else assertEquals([status, code], [403, "forbidden"], name);
    }
    assertEquals(secured.log.errors, []);
  });

  Deno.test(`over MCP in both kinds of revisions, a caller that is ${role} may ${may}, and nothing else`, async () => {
    for (const [kind, calls] of [["modern", [...MCP, ...MODERN_MCP]], ["session", [...MCP, ...SESSION_MCP]]] as const) {
      await using secured = await startSecured();
      const authorization = secured.bearers.get(role);
      const session = await openSession(secured, authorization);
      for (const call of calls) {
        const response = kind === "modern"
          ? await modern(secured, call, authorization)
          : await inSession(secured, call, { authorization, session });
        const code = await mcpCodeOf(response);
        assertEquals(code === "forbidden", !mayDo(role, call.verb), `${call.name}: ${code}`);
        assert(code !== "unauthorized");
      }
      assertEquals(secured.log.errors, []);
    }
  });

  Deno.test(`a refusal tells a caller that is ${role} nothing: neither texts, nor whether what it names is there`, async () => {
    await using secured = await startSecured();
    const authorization = secured.bearers.get(role);
    const ask = async (method: string, path: string, body: Json | undefined) => {
      const response = await secured.request(method, path, { authorization, ...(body !== undefined && { body }) });
      return [response.status, await response.text()] as const;
    };
    const missing = (text: string) => text.replaceAll(/"(a|g|x|bugfix|spare)"/g, '"no-$1"');
    for (const { name, verb, method, path, body } of REST.filter(({ verb }) => !mayDo(role, verb))) {
      const other = path.replace(/\/(a|g|x|bugfix|spare)(?=\/|$)/, "/no-$1");
      const otherBody = body && JSON.parse(missing(JSON.stringify(body)));
      const [[status, text], [otherStatus, otherText]] = [
        await ask(method, path, body),
        await ask(method, other, otherBody),
      ];
      assertEquals([status, otherStatus], [403, 403], `${name} needs ${verb}`);
      assertEquals(otherText.replaceAll("no-", ""), text, name);
      assert(!text.includes(CLASSIFIED), text);
    }
  });
}

for (
  const [who, authorization] of Object.entries({
    "no token": undefined,
    "a token that was never issued": `Bearer orc_${"x".repeat(43)}`,
    "a header that holds no token": "Bearer nonsense",
    "another scheme": `Basic ${btoa("admin:admin")}`,
    "a token that was revoked": "revoked",
  })
) {
  Deno.test(`with ${who}, every request gets the same answer, 401, which tells nothing`, async () => {
    await using secured = await startSecured();
    const given = authorization === "revoked" ? await revoked(secured) : authorization;
    const held = await openSession(secured, secured.bearers.get("admin"));
    assert(held["mcp-session-id"] !== "");
    const before = await typesIn(secured);
    const answers = new Set<string>();
    const note = async (response: Response) => {
      const headers = ["www-authenticate", "content-type", "cache-control", "allow", "mcp-session-id"].map((name) =>
        response.headers.get(name)
      );
      answers.add(JSON.stringify([response.status, headers, await response.text()]));
    };
    for (const { method, path, body } of REST) {
      await note(await secured.request(method, path, { authorization: given, ...(body !== undefined && { body }) }));
    }
    for (
      const [method, path] of [["GET", "/"], ["GET", `${API_PATH}/nothing`], ["PUT", `${API_PATH}/tasks`]] as const
    ) {
      await note(await secured.request(method, path, { authorization: given }));
    }
    for (const call of [...MCP, ...MODERN_MCP]) await note(await modern(secured, call, given));
    for (const call of [...MCP, ...SESSION_MCP]) {
      await note(await inSession(secured, call, { authorization: given, session: held }));
    }
    for (const method of ["GET", "DELETE"]) {
      await note(await secured.request(method, "/mcp", { authorization: given, headers: { ...MCP_HEADERS, ...held } }));
    }
    assertEquals(await openSession(secured, given), { "mcp-session-id": "" });
    const [answer, ...others] = answers;
    assertEquals(others, []);
    assert(answer?.startsWith("[401,") && !answer.includes(CLASSIFIED), answer);
    // The session that a stranger named goes on, and nothing but denials was written.
    const authorized = { authorization: secured.bearers.get("admin"), session: held };
    const list = { name: "", verb: "see", method: "tools/list", params: {} } as const;
    assertEquals(await mcpCodeOf(await inSession(secured, list, authorized)), undefined);
    assertEquals((await typesIn(secured)).filter((type) => type !== "access.denied"), before);
  });
}

Deno.test("what needs no token tells only that the server lives", async () => {
  await using secured = await startSecured();
  for (const [path, status] of [["/healthz", "ok"], ["/readyz", "ready"]] as const) {
    assertEquals(await (await secured.request("GET", path)).json(), { status });
  }
});

/** A token of an admin that was revoked. */
async function revoked({ bearers, engine }: Secured): Promise<string> {
  await engine.execute({ type: "revoke_token", name: "planner" }, { name: "test", role: "admin" });
  return bearers.get("planner") ?? "";
}

/** The types of all events. */
async function typesIn({ engine }: Secured): Promise<readonly string[]> {
  return (await recordsOf(engine)).flatMap(({ events }) => events.map(({ type }) => type));
}
