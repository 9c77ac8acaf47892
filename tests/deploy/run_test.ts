/** Shows that the command lines of `deploy/` work as they stand: only paths, ports and the database's address differ. */

import { assert, assertEquals } from "@std/assert";
import { cacheDirectory } from "../support/program.ts";
import { freePort, testOnPostgres } from "../support/postgres.ts";
import { MAIN } from "../support/server.ts";
import type { Service } from "../support/service.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temp.ts";
import { readCompose, readDeployed, readImage, settingOf } from "./files.ts";
import { buildImage, makeDatabase, run, startDeployed } from "./running.ts";

testOnPostgres("the command lines of deploy/", (cluster) => {
  let made: TemporaryDirectory;
  let secrets: string;
  Deno.test.beforeAll(async () => {
    made = await temporaryDirectory();
    secrets = await makeDatabase(made.path, cluster());
  });
  Deno.test.afterAll(async () => await made[Symbol.asyncDispose]());

  Deno.test("two services of compose.yaml share a plan, with the rights of their own user only", async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    const image = await readImage();
    const { services } = await readCompose();
    const [first, second] = Object.values(services);
    assert(first !== undefined && second !== undefined);
    const program = await buildImage(path, image.copied, image.build);
    const here = (text: string) =>
      text.replaceAll("/app/orchestrator.js", program).replaceAll("/run/secrets", secrets).replaceAll("/data", path)
        .replaceAll("/tmp/deno", `${path}/deno`).replaceAll("db:5432", `127.0.0.1:${cluster().port}`);
    const envOf = ({ environment }: typeof first): Record<string, string> =>
      Object.fromEntries(
        Object.entries({ ...image.env, ...environment }).map(([name, value]) => [name, here(value)]),
      );
    const entrypoint = image.entrypoint.map(here);
    const start = (service: typeof first) =>
      startDeployed([...entrypoint, ...image.command, "--port", "0"], envOf(service));
    await using one = await start(first);
    const token = /The token of an admin is (\S+);/.exec(one.log)?.[1];
    await using two = await start(second);
    await create(one, "a", token);
    assertEquals(await idsAt(two, token), ["a"]);
    await checkHealth(image.healthcheck, one);
    const listed = await run([...entrypoint, "token", "list"], { env: envOf(first) });
    assert(listed.code === 0 && listed.log.includes("admin"), listed.log);
    assertEquals(await one.end(), 0);
    assertEquals(await idsAt(two, token), ["a"]);
    assertEquals(await two.end(), 0);
  });

  Deno.test("the healthcheck of the database finds it", async () => {
    const { db } = (await readCompose()).services;
    const [kind, ...command] = db?.healthcheck?.test ?? [];
    assertEquals(kind, "CMD");
    assertEquals(await run([...command, `--port=${cluster().port}`]), { code: 0, log: "" });
    assert((await run([...command, `--port=${freePort()}`])).code > 0);
  });

  Deno.test("the unit serves a plan in files, and with postgres.conf the one in the database", async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await Deno.mkdir(`${path}/mcp-orchestrator`);
    const specifiers = { S: path, C: path, d: secrets };
    const env = { DENO_DIR: await cacheDirectory() };
    const here = (line: string) =>
      line.replaceAll("/opt/mcp-orchestrator/orchestrator.js", MAIN)
        .replaceAll("db.example.com:5432", `127.0.0.1:${cluster().port}`).split(" ");
    for (const file of ["mcp-orchestrator.service", "postgres.conf"]) {
      const port = freePort();
      const line = settingOf(await readDeployed(file), "ExecStart", specifiers);
      const command = here(line.replace("127.0.0.1:8787", `127.0.0.1:${port}`));
      await using service = await startDeployed([...command, "--port", `${port}`], env);
      assertEquals((await fetch(service.url("/readyz"))).status, 200, file);
      assertEquals(await service.end(), 0);
    }
    assert((await Deno.stat(`${path}/mcp-orchestrator/journal`)).isDirectory);
  });
});

/** It listens on every address. */
function addressOf(service: Service, path: string): URL {
  const url = service.url(path);
  url.hostname = "127.0.0.1";
  return url;
}

async function create(service: Service, id: string, token: string | undefined): Promise<void> {
  const response = await fetch(addressOf(service, "/api/v1/tasks"), {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ id, description: "do it", dependencies: [] }),
  });
  assertEquals(response.status, 201, await response.text());
}

async function idsAt(service: Service, token: string | undefined): Promise<readonly string[]> {
  const response = await fetch(addressOf(service, "/api/v1/plan"), { headers: { Authorization: `Bearer ${token}` } });
  return (await response.json()).ids;
}

/** The healthcheck of the image, at the port of the test: it succeeds as long as the service listens. */
async function checkHealth(healthcheck: readonly string[], service: Service): Promise<void> {
  const at = (port: number | string) => healthcheck.map((text) => text.replace("127.0.0.1:8787", `127.0.0.1:${port}`));
  assertEquals(await run(at(service.url("/").port)), { code: 0, log: "" });
  assert((await run(at(freePort()))).code > 0);
}
