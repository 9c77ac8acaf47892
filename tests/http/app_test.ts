/** Shows which requests are answered at all: those for this server, not those that a web page elsewhere may have caused. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { type AppOptions, createApp } from "../../src/http/app.ts";
import { openCaller } from "../../src/http/caller_of.ts";
import { hostsOf, isLoopback } from "../../src/http/hosts.ts";
import { problem } from "../../src/http/problem.ts";
import { RecordingLog } from "../support/log.ts";

function app(host = "127.0.0.1", checkReady = () => Promise.resolve(), options: Partial<AppOptions> = {}) {
  const log = new RecordingLog();
  const served = createApp({
    hosts: hostsOf(host, ["tasks.example"]),
    callerOf: openCaller({ role: "admin", process: "1" }),
    checkReady,
    mounts: [
      (app) => app.get("/who", (c) => c.json(c.get("caller"))),
      (app) =>
        app.get("/bug", () => {
          throw new TypeError("secret");
        }),
    ],
    log,
    ...options,
  });
  const ask = async (target: string, headers: Readonly<Record<string, string>> = {}) =>
    await served.fetch(
      new Request(new URL(target, "http://localhost:8787"), { headers: { host: "localhost:8787", ...headers } }),
      {
        address: "127.0.0.1",
      },
    );
  return { ask, log };
}

Deno.test("requests for another host are refused: a name that a web page has bound to this address", async () => {
  for (const path of ["/healthz", "/readyz", "/who", "/missing"]) {
    for (const host of ["evil.example", "evil.example:8787", "localhost.evil.example", "127.0.0.2", "@localhost", ""]) {
      const response = await app().ask(path, { host });
      assertEquals(response.status, 403, host);
      assertStringIncludes((await response.json()).detail, "use localhost, 127.0.0.1, [::1]");
    }
  }
  for (const host of ["localhost", "tasks.example", "LOCALHOST:8787", "127.0.0.1:8787", "[::1]:8787"]) {
    assertEquals((await app().ask("/healthz", { host })).status, 200, host);
  }
  for (const host of ["10.0.0.1:8787", "[fd00::1]:8787", "localhost"]) {
    assertEquals((await app("0.0.0.0").ask("/healthz", { host })).status, 200, host);
  }
  assertEquals((await app("0.0.0.0").ask("/healthz", { host: "evil.example" })).status, 403);
  for (const [host, status] of [["127.0.0.2:8787", 200], ["127.0.0.3", 403], ["10.0.0.1", 403]] as const) {
    assertEquals((await app("127.0.0.2").ask("/healthz", { host })).status, status, host);
  }
});

Deno.test("a request that names its whole address must name this server there, too", async () => {
  for (
    const [target, status] of [
      ["http://tasks.example/healthz", 200],
      ["https://localhost/healthz", 200],
      ["http://evil.example/healthz", 403],
      ["http://evil.example:8787/who", 403],
      ["http://127.0.0.2/who", 403],
    ] as const
  ) {
    assertEquals((await app().ask(target)).status, status, target);
    assertEquals((await app().ask(target, { host: "evil.example" })).status, 403);
  }
  const { detail } = await (await app().ask("http://evil.example/who")).json();
  assertStringIncludes(detail, "The address of the request names another server (evil.example): use localhost");
});

Deno.test("requests of web pages are refused, but for those of this server", async () => {
  const origins = [
    "http://evil.example",
    "http://localhost:3000",
    "http://127.0.0.1:8787",
    "null",
    "file://",
    "https://x",
  ];
  for (const origin of origins) {
    const response = await app().ask("/who", { origin });
    assertEquals(response.status, 403, origin);
    assertStringIncludes((await response.json()).detail, "may not use this server");
  }
  assertEquals((await app().ask("/who", { origin: "http://localhost:8787" })).status, 200);
});

Deno.test("loopback addresses are those that only this machine reaches", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1"]) assertEquals(isLoopback(address), true, address);
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "fd00::1"]) {
    assertEquals(isLoopback(address), false, address);
  }
});

Deno.test("a route knows who calls, and from where", async () => {
  const via = { transport: "http", process: "1", address: "127.0.0.1" };
  assertEquals(await (await app().ask("/who")).json(), { name: "http", role: "admin", via });
});

Deno.test("a store that cannot be used is not ready, and a bug is logged and not shown", async () => {
  const { ask, log } = app("127.0.0.1", () => Promise.reject(new Unavailable("storage_failed", "/data is gone")));
  const response = await ask("/readyz");
  const { status, detail, code } = await response.json();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals({ status, code }, { status: 503, code: "storage_failed" });
  assertEquals(detail, "The store cannot be used now: the server's log tells more");
  assertEquals((await ask("/healthz")).status, 200);
  const failed = await ask("/bug");
  assertEquals(await failed.json(), await problem(500, "Internal error: the server's log tells more").json());
  assertStringIncludes(log.errors.join(), "secret");
});

Deno.test("why the store cannot be used is not told where rights are not known", async () => {
  const failing = () => Promise.reject(new Unavailable("journal_damaged", "/data/journal is damaged"));
  const { ask } = app("127.0.0.1", undefined, { callerOf: failing });
  const { detail, code } = await (await ask("/who")).json();
  assertEquals([detail, code], ["The store cannot be used now: the server's log tells more", "journal_damaged"]);
});
