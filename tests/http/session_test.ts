/** Shows sign-in: keys that are good once, sessions in cookies, what these may do, and how they end. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { issueKey, KEY_MS, SESSION_MS } from "../../src/app/sign_in.ts";
import { issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MAX_FAILED } from "../../src/http/failed_attempts.ts";
import { problem } from "../../src/http/problem.ts";
import { admittingSignIns, MAX_SIGN_IN_BYTES } from "../../src/http/session_routes.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { times } from "../core/given.ts";
import { type EmptyService, startEmpty } from "../support/secured.ts";
import type { Json } from "../support/server.ts";
import { recordsOf } from "../support/store.ts";

const OPERATOR = localOperator("test");
const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };
const PATH = "/api/v1/session";

/** A service on a clock that the test sets, and a key for it. */
async function start() {
  let now = Date.UTC(2026, 0, 1);
  const service = await startEmpty(new MemoryJournal(() => now));
  const signIn = { engine: service.engine, operator: OPERATOR };
  return {
    ...service,
    newKey: (settings: Parameters<typeof issueKey>[1] = { role: "admin" }) => issueKey(signIn, settings),
    pass: (forMs: number) => now += forMs,
    tokens: async () => (await service.engine.query({ type: "list_tokens" }, OPERATOR)).map(({ name }) => name),
  };
}

async function signInWith({ request }: Pick<EmptyService, "request">, body: Json) {
  const response = await request("POST", PATH, { body });
  const [cookie = ""] = response.headers.get("set-cookie")?.split(";") ?? [];
  return { status: response.status, cookie, header: response.headers.get("set-cookie"), json: await response.json() };
}

Deno.test("a key is exchanged for a session with its rights, once, and within minutes", async () => {
  await using service = await start();
  const { request, newKey, tokens } = service;
  const key = await newKey({ role: "planner", audiences: ["p"] });
  const { status, cookie, header, json } = await signInWith(service, { key });
  assertEquals([status, json.role, json.audiences], [200, "planner", ["p"]]);
  assertMatch(header ?? "", /^orchestrator_80=orc_[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=2592000$/);
  assert(!cookie.includes(key));
  assertEquals(await tokens(), [json.name]);
  assertMatch(json.name, /^dashboard-[0-9a-f]{12}$/);
  const who = await request("GET", PATH, { headers: { cookie: `other=1; ${cookie}` } });
  assertEquals(await who.json(), { ...json, open: false, version: "0.0.0" });
  const again = await signInWith(service, { key });
  assertEquals([again.status, again.header], [401, null]);

  const late = await newKey();
  service.pass(KEY_MS);
  assertEquals((await signInWith(service, { key: late })).status, 401);
});

Deno.test("a key is good for a sign-in and for no call", async () => {
  await using service = await start();
  const key = await service.newKey();
  for (const [method, path] of [["GET", "/api/v1/tasks"], ["GET", PATH], ["POST", "/mcp"]] as const) {
    const response = await service.request(method, path, { authorization: `Bearer ${key}` });
    assertEquals(response.status, 401, path);
    assertMatch(await response.text(), /good for one sign-in only: send the header Authorization/);
    const inCookie = await service.request(method, path, {
      headers: { cookie: `orchestrator_80=${key}`, ...SAME_ORIGIN },
    });
    assertEquals([await inCookie.body?.cancel(), inCookie.status], [undefined, 401], path);
  }
  assertEquals((await signInWith(service, { key })).status, 200);
});

Deno.test("of many who race for one key, one gets a session", async () => {
  await using service = await start();
  const key = await service.newKey();
  const all = await Promise.all(times(8, () => signInWith(service, { key })));
  assertEquals(all.map(({ status }) => status).sort(), [200, ...times(7, () => 401)]);
  assertEquals((await service.tokens()).length, 1);
});

Deno.test("a token is what it is, given as token or as key, and a key given as token is a key", async () => {
  await using service = await start();
  const issued = await issueToken((command) => service.engine.execute(command, OPERATOR), {
    name: "ann",
    role: "worker",
    instance: "w",
  });
  for (const body of [{ token: issued.secret }, { key: issued.secret }, { key: issued.secret }]) {
    const { json, cookie } = await signInWith(service, body);
    assertEquals(json, { name: "ann", role: "worker", instance: "w" });
    assertEquals(cookie, `orchestrator_80=${issued.secret}`);
  }
  const { json } = await signInWith(service, { token: await service.newKey() });
  assertMatch(json.name, /^dashboard-/);
});

Deno.test("a session ends when its token is revoked or expires, or its owner signs out; then the cookie is removed", async () => {
  await using service = await start();
  const { request, engine, newKey } = service;
  const isIn = async (cookie: string) => {
    const response = await request("GET", "/api/v1/tasks", { headers: { cookie } });
    await response.body?.cancel();
    if (response.status !== 200) assertMatch(response.headers.get("set-cookie") ?? "", /^orchestrator_80=;.*Max-Age=0/);
    return response.status === 200;
  };
  const sessions = [];
  for (const _ of times(3, Number)) sessions.push(await signInWith(service, { key: await newKey() }));
  const [revoked, left, expired] = sessions;
  assert(revoked !== undefined && left !== undefined && expired !== undefined);
  assertEquals(await Promise.all(sessions.map(({ cookie }) => isIn(cookie))), [true, true, true]);

  await engine.execute({ type: "revoke_token", name: revoked.json.name }, OPERATOR);
  assertEquals(await isIn(revoked.cookie), false);

  const ended = await request("DELETE", PATH, { headers: { cookie: left.cookie, ...SAME_ORIGIN } });
  assertEquals(await ended.json(), { ended: true });
  assertMatch(ended.headers.get("set-cookie") ?? "", /^orchestrator_80=;.*Max-Age=0/);
  assertEquals(await isIn(left.cookie), false);
  assertEquals(await service.tokens(), [expired.json.name]);

  service.pass(SESSION_MS);
  assertEquals(await isIn(expired.cookie), false);
  // What has expired is removed with the next key.
  await newKey();
  assertEquals((await service.tokens()).filter((name) => name.startsWith("dashboard-")), []);
});

Deno.test("to sign out with a token of another kind does not revoke it", async () => {
  await using service = await start();
  const { secret } = await issueToken((command) => service.engine.execute(command, OPERATOR), {
    name: "ann",
    role: "observer",
  });
  const ended = await service.request("DELETE", PATH, { authorization: `Bearer ${secret}` });
  assertEquals(await ended.json(), { ended: true });
  assertEquals(await service.tokens(), ["ann"]);
});

Deno.test("the cookie counts for the API alone, and for no request that another site may have caused", async () => {
  await using service = await start();
  const { request } = service;
  const { cookie } = await signInWith(service, { key: await service.newKey() });
  const statusOf = async (method: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
    const body = method === "POST" ? { id: crypto.randomUUID(), description: "d" } : undefined;
    const response = await request(method, path, { headers: { cookie, ...headers }, ...(body && { body }) });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await statusOf("POST", "/mcp", SAME_ORIGIN), 401);
  const tasks = "/api/v1/tasks";
  assertEquals(await statusOf("POST", tasks), 403);
  assertEquals(await statusOf("DELETE", PATH), 403);
  assertEquals(await statusOf("POST", tasks, { origin: "http://evil.example" }), 403);
  assertEquals(await statusOf("POST", tasks, { origin: "http://localhost:81" }), 403);
  for (const site of ["cross-site", "same-site", "none"]) {
    assertEquals(await statusOf("POST", tasks, { "sec-fetch-site": site }), 403, site);
    assertEquals(await statusOf("POST", tasks, { "sec-fetch-site": site, origin: "http://localhost" }), 403, site);
  }
  for (const site of ["cross-site", "same-site"]) {
    assertEquals(await statusOf("GET", tasks, { "sec-fetch-site": site }), 403, site);
  }
  assertEquals(await statusOf("POST", tasks, SAME_ORIGIN), 201);
  assertEquals(await statusOf("POST", tasks, { origin: "http://localhost" }), 201);
  assertEquals(await statusOf("GET", tasks), 200);
  assertEquals(await statusOf("HEAD", tasks, { "sec-fetch-site": "none" }), 200);
  // A header that names somebody else is not overruled by the cookie.
  assertEquals(await statusOf("GET", tasks, { authorization: "Bearer nonsense" }), 401);
});

Deno.test("what is no sign-in is refused with what would work, and failed ones are few", async () => {
  await using service = await start();
  const unknown = `orc_${"x".repeat(43)}`;
  for (const body of [{}, { token: 1 }, { key: "a", token: "b" }, { other: "a" }]) {
    const { status, json } = await signInWith(service, body);
    assertEquals([status, json.code], [400, "invalid_value"]);
  }
  const form = await service.request("POST", PATH, {
    body: { token: unknown },
    headers: { "content-type": "text/plain" },
  });
  assertEquals(form.status, 400);
  assertEquals((await service.request("PUT", PATH, { authorization: `Bearer ${unknown}` })).status, 401);
  const admission = admittingSignIns(() => Promise.resolve(problem(401, "Nobody")));
  const admitted = async (length: string | undefined, path = PATH) => {
    const headers = length === undefined ? {} : { "content-length": length };
    return (await admission(new Request(`http://localhost${path}`, { method: "POST", headers }), { address: "" }))
      ?.status;
  };
  assertEquals(await admitted(undefined), 413);
  assertEquals(await admitted(`${MAX_SIGN_IN_BYTES + 1}`), 413);
  assertEquals(await admitted(`${MAX_SIGN_IN_BYTES}`), undefined);
  assertEquals(await admitted("60", "/api/v1/tasks"), 401);
  const statuses = new Set<number>();
  for (const _ of times(2 * MAX_FAILED, Number)) {
    const response = await service.request("POST", PATH, { body: { token: unknown }, address: "10.1.1.1" });
    statuses.add(response.status);
  }
  assertEquals([...statuses], [401, 429]);
});

Deno.test("sign-ins are in the audit, and no secret is", async () => {
  await using service = await start();
  const key = await service.newKey();
  const { cookie } = await signInWith(service, { key });
  const records = JSON.stringify(await recordsOf(service.engine));
  const events = (await recordsOf(service.engine)).flatMap(({ events }) => events.map(({ type }) => type));
  assertEquals(events, ["token.issued", "token.revoked", "token.issued"]);
  assert(!records.includes(key) && !records.includes(cookie.slice(cookie.indexOf("orc_"))));
});
