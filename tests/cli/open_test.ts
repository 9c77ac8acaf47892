/** Shows that the addresses that `serve` and `open` print sign in, and that a session outlives a restart. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { type Service, startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const SIGN_IN = /http:\/\/(\S+):\d+\/#key=(orc_[\w-]{43})/;

/** Exchanges the key in an address; resolves to the cookie. */
async function signIn(service: Service, text: string): Promise<{ readonly cookie: string; readonly who: unknown }> {
  const [, , key] = SIGN_IN.exec(text) ?? [];
  assert(key !== undefined, text);
  const response = await fetch(service.url("/api/v1/session"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key }),
  });
  assertEquals(response.status, 200);
  const { role, audiences } = await response.json();
  const set = response.headers.get("set-cookie") ?? "";
  // Each start has another port here, and so another cookie.
  return { cookie: set.slice(set.indexOf("=") + 1, set.indexOf(";")), who: { role, audiences } };
}

async function statusOf(service: Service, secret: string): Promise<number> {
  const { port } = service.url("/");
  const response = await fetch(service.url("/api/v1/plan"), { headers: { cookie: `orchestrator_${port}=${secret}` } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("the addresses that serve and open print sign in, and the session outlives a restart", async () => {
  await using directory = await temporaryDirectory();
  const open = (...args: readonly string[]) => runProgram(directory.path, ["open", ...args]);
  const { code, log } = await open();
  assertEquals(code, 1);
  assertStringIncludes(log, "There is no data in");
  let session = "";
  {
    await using service = await startService(directory.path, { needsToken: true });
    await until("the address that signs in", () => SIGN_IN.test(service.log));
    const { cookie, who } = await signIn(service, service.log);
    assertEquals(who, { role: "admin", audiences: undefined });
    session = cookie;
    assertStringIncludes((await open()).output, `${service.url("/")}#key=orc_`);
    const { output } = await open("--role", "observer", "--audiences", "p,q", "--host", "::", "--port", "9999");
    assertMatch(output, /^http:\/\/\[::1\]:9999\/#key=orc_[\w-]{43}\nIt signs in once, within 10 minutes/);
    assertEquals((await signIn(service, output)).who, { role: "observer", audiences: ["p", "q"] });
  }
  await using service = await startService(directory.path, { needsToken: true });
  assertEquals(await statusOf(service, session), 200);
  await until("the line about open", () => service.log.includes("main.ts open prints an address that signs in"));
  assert(!SIGN_IN.test(service.log), "a log that nobody watches gets no key");
  const { output } = await runProgram(directory.path, ["token", "list"]);
  const [, name = ""] = /^(dashboard-\w+): admin/m.exec(output) ?? [];
  await runProgram(directory.path, ["token", "revoke", name]);
  await until("the end of the session", async () => await statusOf(service, session) === 401);
});

Deno.test("open passes over a service that is gone, also if another program has taken its port", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path);
  const { url, ...notice } = JSON.parse(await Deno.readTextFile(`${directory.path}/service.json`));
  assertEquals(url, service.url("/").href);
  const open = async () => await runHere(directory.path, ["open"]);
  assertStringIncludes((await open()).output, `${url}#key=orc_`);
  // One of another version signs in, too.
  await Deno.writeTextFile(`${directory.path}/service.json`, JSON.stringify({ ...notice, url, version: "0.0.1" }));
  assertEquals(await open().then(({ output, log }) => [output.startsWith(`${url}#key=`), log]), [true, ""]);
  await service.end("SIGKILL");
  const killed = await open();
  assertStringIncludes(killed.output, "http://127.0.0.1:8787/#key=orc_");
  assertStringIncludes(killed.log, `Not the address ${url} of the service that was started last`);
  // The port of the dead service may be anybody's by now, so the notice names that of another program.
  await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("{}"));
  const taken = `http://127.0.0.1:${other.addr.port}/`;
  await Deno.writeTextFile(`${directory.path}/service.json`, JSON.stringify({ ...notice, url: taken }));
  const { output, log } = await open();
  assertStringIncludes(output, "http://127.0.0.1:8787/#key=orc_");
  assertStringIncludes(log, "another program answers there");
});

Deno.test("open prints the address of the last service, and says that it may be gone, without permission to ask it", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path);
  await service.end("SIGKILL");
  const { output, log } = await runProgram(directory.path, ["open"]);
  assertStringIncludes(output, `${service.url("/")}#key=orc_`);
  assertStringIncludes(log, `permission to ask is missing: --allow-net=${service.host}`);
});

Deno.test("an open service prints its plain address, and tells everybody who they are", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path, { args: ["--as", "observer"] });
  await until("the address", () => service.log.includes(`Dashboard: ${service.url("/")}`));
  const response = await fetch(service.url("/api/v1/session"));
  const { version, ...who } = await response.json();
  assertEquals([typeof version, who], ["string", { name: "http", role: "observer", open: true }]);
});
