/** Shows a service with several projects: each has all that a plan has at its own path, and nothing of another. */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { EventReader } from "../support/event_source.ts";
import { connectHttp } from "../support/http_client.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { startProjects, temporaryHome } from "../support/projects.ts";
import type { Service } from "../support/service.ts";
import { until } from "../support/until.ts";

const NO_HOME = missingOnWindows("HOME in these tests");

/** Asks as a client with a token. */
function asker(service: Service, token: string) {
  return async (path: string, body?: object) => {
    const response = await fetch(service.url(path), {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
}

async function statusOf(service: Service, path: string): Promise<number> {
  const response = await fetch(service.url(path), { redirect: "manual" });
  await response.body?.cancel();
  return response.status;
}

testUnless(NO_HOME, "two projects side by side have tokens, tasks, events, sessions and pages of their own")(
  async () => {
    await using home = await temporaryHome();
    await using service = await startProjects(home, "--project", "web", "--project", "api", "serve");
    await until("both are served", () => service.log.includes("/p/web/#key=") && service.log.includes("/p/api/#key="));
    const tokenOf = async (name: string) => (await Deno.readTextFile(`${home.projects}/${name}/admin-token`)).trim();
    const [web, api] = [await tokenOf("web"), await tokenOf("api")];
    const [asWeb, asApi] = [asker(service, web), asker(service, api)];

    for (const path of ["/api/v1/tasks", "/api/v1/events", "/mcp", "/metrics", "/api/v1/session"]) {
      assertEquals((await asWeb(`/p/api${path}`)).status, 401, path);
    }
    await assertRejects(() => connectHttp(service.url("/p/api/mcp"), "wrong", web));

    const events = await fetch(service.url("/p/api/api/v1/events"), { headers: { authorization: `Bearer ${api}` } });
    await using reader = new EventReader(events);
    const created = await asWeb("/p/web/api/v1/tasks", { id: "in-web", description: "" });
    assertEquals([created.status, created.headers.get("location")], [201, "/p/web/api/v1/tasks/in-web"]);
    {
      await using client = await connectHttp(service.url("/p/api/mcp"), "worker", api);
      await client.ask("create_task", { id: "in-api", description: "" });
    }
    const ids = async (ask: ReturnType<typeof asker>, name: string) => {
      return (await ask(`/p/${name}/api/v1/tasks`)).json.tasks.map(({ id }: { readonly id: string }) => id);
    };
    assertEquals([await ids(asWeb, "web"), await ids(asApi, "api")], [["in-web"], ["in-api"]]);
    const first = await reader.next();
    assertStringIncludes(first?.data ?? "", "in-api");
    assertEquals((await asWeb("/p/web/api/v1/openapi.json")).json.servers, [{ url: "/p/web/api/v1" }]);
    assertStringIncludes((await asWeb("/p/web/api/v1/none")).json.detail, "GET /p/web/api/v1/openapi.json lists");

    const signedIn = await fetch(service.url("/p/web/api/v1/session"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: /\/p\/web\/#key=(orc_[\w-]+)/.exec(service.log)?.[1] }),
    });
    const cookie = signedIn.headers.get("set-cookie") ?? "";
    assertMatch(cookie, /; Path=\/p\/web\/;/);
    await signedIn.body?.cancel();
    const withCookie = async (name: string) => {
      const headers = { cookie: cookie.slice(0, cookie.indexOf(";")) };
      const response = await fetch(service.url(`/p/${name}/api/v1/tasks`), { headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await withCookie("web"), await withCookie("api")], [200, 401]);

    const page = await (await fetch(service.url("/p/web/"))).text();
    assert(!/(?:src|href)="\//.test(page), "the page finds its files from its own address");
    const script = await (await fetch(service.url("/p/web/app.js"))).text();
    assert(!/["'`]\/api\/v1/.test(script), "the page finds the API from its own address");
    const { output } = await home.run("home", ["--project", "web", "open", "--port", service.url("/").port]);
    assertMatch(output, new RegExp(`^${service.url("/p/web/").href}#key=orc_`));
    assertEquals(await service.end(), 0);
  },
);

testUnless(NO_HOME, "serve --projects serves every project that there is, and makes none")(async () => {
  await using home = await temporaryHome();
  await using service = await startProjects(home, "serve", "--projects", "--open");
  assertEquals(await statusOf(service, "/p/web/api/v1/tasks"), 404);
  // Made while the service runs, by a client of its own.
  const made = await home.run("home", ["--project", "web", "call", "create_task", '{"id": "a", "description": ""}']);
  assertEquals([made.code, made.log], [0, ""]);
  const { json } = await asker(service, "none")("/p/web/api/v1/tasks");
  assertEquals(json.total, 1);
  for (
    const [path, status] of [
      ["/healthz", 200],
      ["/p/web/healthz", 200],
      ["/p/web/readyz", 200],
      ["/p/web/", 200],
      ["/p/web", 308],
      ["/", 404],
      ["/api/v1/tasks", 404],
      ["/p/none/", 404],
      ["/p/WEB/", 404],
      ["/p/..%2fweb/", 404],
      ["/p/%2e%2e/web/", 404],
      ["/p//", 404],
      ["/p/.new-1/", 404],
    ] as const
  ) {
    assertEquals(await statusOf(service, path), status, path);
  }
  assertEquals(Array.from(Deno.readDirSync(home.projects), ({ name }) => name), ["web"]);
  const renamed = await home.run("home", ["projects", "rename", "web", "site"]);
  assertMatch(renamed.log, /Cannot rename project web while it is used by process \d+ \(serve\)/);
  assertEquals(await service.end(), 0);
});
