/** Shows that the description of the API is valid OpenAPI 3.1, and describes exactly the routes that there are. */

import { assert, assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { API_PATH } from "../../src/http/rest/rest_routes.ts";
import { ROUTES } from "../../src/http/rest/routes.ts";
import { type Rest, startRest } from "../support/rest.ts";

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly anyOf?: readonly Schema[];
}

Deno.test("an independent validator finds no fault in the description", async () => {
  await using rest = await startRest();
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(await describe(rest))));
  assertEquals([valid, errors], [true, undefined]);
  assertEquals(validator.version, "3.1");
  // It finds faults where there are some.
  const broken = { openapi: "3.1.0", info: { title: "t", version: "1" }, paths: { "/a": { get: { parameters: {} } } } };
  assertEquals((await new Validator().validate(broken)).valid, false);
});

Deno.test("every route is described, and every described route is there", async () => {
  await using rest = await startRest();
  const { paths } = await describe(rest);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`)
  );
  const routes = rest.routes.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) =>
    `${method} ${path}`
  );
  assertEquals(described.sort(), [...routes].sort());
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      const response = await rest.request(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x"), {
        ...(method === "get" || method === "delete" ? {} : { body: {} }),
      });
      const type = response.headers.get("content-type")?.split(";")[0] ?? "none";
      assert(response.status !== 405 && response.status < 500, `${method} ${path}: ${response.status}`);
      if (response.ok) assert(type in (responses[response.status]?.content ?? {}), `${method} ${path}: ${type}`);
      else assert((await response.json()).code !== "no_such_route", `${method} ${path}`);
      if (!response.bodyUsed) await response.body?.cancel();
    }
  }
  const unknown = await rest.request("GET", "/x/x");
  assertEquals((await unknown.json()).code, "no_such_route");
});

Deno.test("every tool has a route, and every parameter of it a place in one", async () => {
  await using rest = await startRest();
  const { paths } = await describe(rest);
  for (const { name, input } of rest.operations) {
    const routes = ROUTES.filter(({ operation, orWith }) => operation === name || orWith?.operation === name);
    assert(routes.length > 0, `${name} has no route`);
    for (const { path, method } of routes) {
      const described = paths[path]?.[method];
      assert(described !== undefined);
      const places = parametersOf(described);
      for (const parameter of Object.keys(input.shape)) {
        assert(places.has(parameter), `${method} ${path}: ${parameter}`);
      }
    }
  }
});

Deno.test("operations have names of their own", async () => {
  await using rest = await startRest();
  const { paths } = await describe(rest);
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  assertEquals(ids.length, new Set(ids).size);
  for (const id of ids) assert(/^[a-z_]+$/.test(id), id);
});

async function describe(rest: Rest): Promise<Description> {
  const response = await rest.request("GET", "/openapi.json");
  const description = await response.json();
  assertEquals(description.servers, [{ url: API_PATH }]);
  return description;
}

function parametersOf({ parameters = [], requestBody }: Described): ReadonlySet<string> {
  const schema = requestBody?.content["application/json"].schema ?? {};
  const properties = [schema, ...schema.anyOf ?? []].flatMap((each) => Object.keys(each.properties ?? {}));
  return new Set([...parameters.map(({ name }) => name), ...properties]);
}
