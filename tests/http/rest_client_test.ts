/** Shows that a service answers calls of tools as the files do, and what is said when it does not. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import { Unavailable } from "../../src/app/ports.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { boundInstance, readingAnswers, restCaller } from "../../src/http/rest/rest_client.ts";
import { runHere } from "../support/command.ts";
import { ADMIN_OPERATIONS, TOOLS } from "../support/rights.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";

const { signal } = new AbortController();

/** Calls tools at an address. */
function callerAt(service: URL, options: { readonly secret?: string } = {}) {
  return restCaller({ service, secret: undefined, signal, ...options });
}

Deno.test("every tool and every operation for admins can be called at a service", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path);
  const call = callerAt(service.url("/"));
  await call("create_task", { id: "a", description: "" });
  await call("create_group", { group_id: "g" });
  for (const [tool, [, args]] of Object.entries({ ...TOOLS, ...ADMIN_OPERATIONS })) {
    try {
      await call(tool, args);
    } catch (error) {
      assert(error instanceof Refusal, `${tool}: ${error}`);
      assert(!error.message.includes("no route") && error.code !== "invalid_value", `${tool}: ${error.message}`);
    }
  }
});

Deno.test("arguments arrive as they are: lists, flags, ids with any characters, request ids", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path);
  const call = callerAt(service.url("/"));
  const id = "site/build: 100% #1?&ü";
  const request = 'r "1" \\u0041 ü→👍';
  await call("create_task", { id, description: "d", capabilities: ["x"] }, request);
  const again = await call("create_task", { id, description: "d", capabilities: ["x"] }, request);
  assertEquals(again["repeated"], true);
  const { output } = await runHere(directory.path, ["--store", "file", "audit"]);
  assertStringIncludes(output, String.raw`r \"1\" \\u0041 ü→👍`);
  assertEquals((await call("get_task_details", { task_id: id }))["id"], id);
  const listed = await call("get_task_status", { status: ["pending", "failed"], fields: ["id"], limit: 1 });
  assertEquals(listed["tasks"], [{ id }]);
  assertEquals((await call("get_task_status", { summary: true }))["total"], 1);
  await assertRejects(() => call("get_task_details", { task_id: ".." }), Refusal, "cannot be in the path");
});

Deno.test("arguments that are too long for a URL are refused before anything is sent", async () => {
  const call = callerAt(new URL("http://127.0.0.1:1/"));
  const tasks = Array.from({ length: 100 }, (_, index) => "→".repeat(20) + index);
  const { code, message } = await assertRejects(() => call("wait_for_event", { tasks }), Refusal);
  assertEquals(code, "limit_exceeded");
  assertStringIncludes(message, "give fewer or shorter ones");
});

Deno.test("a refusal at a service is the same as without one", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path);
  const call = callerAt(service.url("/"));
  for (
    const [tool, args] of [
      ["get_task_details", { task_id: "none" }],
      ["complete_task", { task_id: "none", instance_id: "x", result: "" }],
      ["create_task", { id: "a" }],
      ["create_task", { id: "a", description: "", dependencies: ["none"] }],
    ] as const
  ) {
    const { log } = await runHere(directory.path, ["call", tool, JSON.stringify(args)]);
    const { code, message, data } = await assertRejects(() => call(tool, args), Refusal);
    assertEquals({ code, message, data }, JSON.parse(log).error, tool);
  }
});

Deno.test("a service with access control asks for a token, and tells to which instance it is bound", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path, { needsToken: true });
  const issued = await runHere(directory.path, [
    ...["token", "issue", "--name", "w", "--role", "worker", "--instance", "bob"],
  ]);
  const [secret = ""] = /^orc_.*$/m.exec(issued.output) ?? [];
  const bare = callerAt(service.url("/"));
  const refused = await assertRejects(() => bare("get_task_status", {}), Refusal, "set ORCHESTRATOR_TOKEN");
  assertEquals(refused.code, "unauthorized");
  assertEquals(await boundInstance({ service: service.url("/"), secret, signal }), "bob");
  const denied = await assertRejects(
    () => callerAt(service.url("/"), { secret })("delete_task", { task_id: "a" }),
    Refusal,
  );
  assertEquals(denied.code, "forbidden");
});

Deno.test("answers in a form that nobody here knows are told as such", async () => {
  const service = new URL("http://127.0.0.1:1");
  const read = () => Promise.resolve(z.string().parse(1));
  await assertRejects(() => readingAnswers(service, read), Unavailable, "use the same version");
  await assertRejects(() => readingAnswers(service, () => Promise.reject(new Error("a bug"))), Error, "a bug");
});

Deno.test("what does not answer as a service is told apart: nothing there, something else, and an answer that is lost", async () => {
  const ending = new AbortController();
  const answers = [
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => Response.redirect("http://127.0.0.1:9/"),
    () => Response.json([]),
    () => Response.json({ detail: "odd", code: "odd" }, { status: 418 }),
  ];
  let answer = answers[0]!;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: ending.signal, onListen: () => {} },
    () => answer(),
  );
  const there = new URL(`http://127.0.0.1:${server.addr.port}`);
  for (answer of answers) {
    const failed = await assertRejects(
      () => callerAt(there)("get_task_status", {}),
      Unavailable,
      "Cannot reach a service",
    );
    assertEquals(failed.code, "unreachable");
  }
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const closing = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1_000));
      connection.close();
    }
  })();
  const lost = callerAt(new URL(`http://127.0.0.1:${listener.addr.port}`));
  assertEquals((await assertRejects(() => lost("retry_task", { task_id: "a" }), Unavailable)).code, "outcome_unknown");
  assertEquals((await assertRejects(() => lost("get_task_status", {}), Unavailable)).code, "unreachable");
  listener.close();
  await closing;
  const gone = await assertRejects(() => lost("retry_task", { task_id: "a" }), Unavailable);
  assertEquals(gone.code, "unreachable");
  assertStringIncludes(gone.message, "must be the address that serve prints");
});
