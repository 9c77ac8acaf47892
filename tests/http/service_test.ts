/** Shows how `main.ts serve` starts, answers, and ends. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../support/program.ts";
import { programArgs } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("a service answers that it lives and is ready, and ends with 0 at a signal", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using data = await temporaryDirectory();
    await using service = await startService(data.path);
    for (const [path, status] of [["/healthz", "ok"], ["/readyz", "ready"]] as const) {
      const response = await fetch(service.url(path));
      assertEquals([response.status, await response.json()], [200, { status }]);
    }
    const missing = await fetch(service.url("/missing"));
    assertEquals(missing.headers.get("content-type"), "application/problem+json");
    const detail = "There is no GET /missing";
    assertEquals(await missing.json(), { type: "about:blank", title: "Not found", status: 404, detail });
    assertEquals(await service.end(signal), 0);
  }
});

Deno.test("a service that cannot listen as asked says what would work", async () => {
  await using data = await temporaryDirectory();
  const refusedWith = async (net: string, ...args: readonly string[]) => {
    const command = programArgs(data.path, "serve", ...args);
    const { code, log } = await runProgram(data.path, [], { args: command.toSpliced(1, 0, `--allow-net=${net}`) });
    assertEquals(code, 1);
    return log;
  };
  assertStringIncludes(await refusedWith("127.0.0.1", "--as", "worker"), "--as has no effect on serve without --open");
  assertStringIncludes(await refusedWith("0.0.0.0", "--open", "--host", "0.0.0.0"), "leave --host out");
  assertStringIncludes(
    await refusedWith("127.0.0.1:1", "--open", "--port", "2"),
    "without permission: start with --allow-net=127.0.0.1:2",
  );
  assertStringIncludes(
    await refusedWith("[::1]:1", "--open", "--host", "::1"),
    "without permission: start with --allow-net=[::1]:8787",
  );
  await using others = await temporaryDirectory();
  await using service = await startService(others.path);
  const { port } = service.url("/");
  assertStringIncludes(await refusedWith("127.0.0.1", "--open", "--port", port), "another program uses the port");
  // Reserved for documentation by RFC 5737: no machine has it.
  assertStringIncludes(await refusedWith("192.0.2.1", "--host", "192.0.2.1"), "this machine has no such address");
  assertStringIncludes(await refusedWith("127.0.0.1", "--host", "here.example"), "It must be an IP address");
  assertStringIncludes(await refusedWith("127.0.0.1", "--allow-host", "https://x"), "It must be host names");
  assertStringIncludes(await refusedWith("127.0.0.1", "--instance", "a"), "--instance has no effect on serve");
  assertEquals(Array.from(Deno.readDirSync(data.path)), [], "nothing was made");
});

Deno.test("without --open, clients need a token: the first start issues one for an admin", async () => {
  await using data = await temporaryDirectory();
  const path = `${data.path}/admin-token`;
  {
    await using service = await startService(data.path, { needsToken: true });
    assertStringIncludes(service.log, `The token of an admin is in ${path}`);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const secret = (await Deno.readTextFile(path)).trim();
    const ask = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(service.url("/missing"), { headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await ask(), 401);
    assertEquals(await ask(`Bearer ${secret}`), 404);
    const issued = await runProgram(data.path, ["token", "issue", "--name", "ann", "--role", "worker"]);
    const [ann = ""] = /orc_\S{43}/.exec(issued.output) ?? [];
    assertEquals(await ask(`Bearer ${ann}`), 404, "issued by another process");
    await runProgram(data.path, ["token", "revoke", "ann"]);
    await until("the revocation by another process", async () => await ask(`Bearer ${ann}`) === 401);
    assertEquals((await fetch(service.url("/healthz"))).status, 200);
    const statuses = [];
    for (let index = 0; index < 30; index++) statuses.push(await ask("Bearer nonsense"));
    assertEquals([...new Set(statuses)], [401, 429]);
    assertEquals(await ask(`Bearer ${secret}`), 404, "a valid token is not affected");
    assertEquals(await service.end(), 0);
  }
  const before = await Deno.readTextFile(path);
  await using again = await startService(data.path, { needsToken: true });
  assertEquals(await Deno.readTextFile(path), before);
  assertEquals(again.log.includes("The token of an admin"), false);
});
