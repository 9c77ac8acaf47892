/** Shows the commands for webhooks, and that a secret is shown once and is nowhere in the journal. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { MAIN } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const SECRET = /^whsec_.*$/m;

Deno.test("a webhook is added, listed, rotated, replayed and removed; its secret is shown once", async () => {
  await using directory = await temporaryDirectory();
  const run = (...command: readonly string[]) => runHere(directory.path, command);
  await run("token", "issue", "--name", "ci", "--role", "observer");
  assertStringIncludes((await run("webhook", "list")).output, "There are no webhooks");
  const added = await run(
    "webhook",
    "add",
    "chat",
    "https://chat.example.com/1",
    "--type",
    "task.failed",
    "--group",
    "g",
  );
  assertEquals(added.code, 0, added.log);
  const [secret = ""] = SECRET.exec(added.output) ?? [];
  assertMatch(secret, /^whsec_[\w+/]{43}=$/);
  assertStringIncludes(added.output, "a server with --deliver, that has --allow-net=chat.example.com:443.");
  const local = await run("webhook", "add", "local", "http://[::1]:8000/hook");
  assertStringIncludes(local.output, "that has --allow-net=[::1]:8000 and --allow-private-webhooks.");
  assertEquals((await run("webhook", "remove", "local")).code, 0);
  assertMatch(
    (await run("webhook", "list")).output,
    /^chat: https:\/\/chat\.example\.com\/1, only task\.failed, only of group g, added 2\S+; nothing sent yet\n$/,
  );
  assertEquals((await run("webhook", "log", "chat")).output, "");
  const rotated = await run("webhook", "rotate", "chat", "--grace", "PT1H");
  assertStringIncludes(rotated.output, "The one before signs, too, until 2");
  assert(SECRET.exec(rotated.output)?.[0] !== secret);
  assertEquals((await run("webhook", "replay", "chat", "--since", "0")).code, 0);
  const audit = (await run("audit", "--type", "webhook.saved,webhook.rotated,webhook.replayed")).output;
  assertEquals(audit.trim().split("\n").length, 4);
  for (const text of [audit, await Deno.readTextFile(`${directory.path}/journal/0000000001.jsonl`)]) {
    assert(!text.includes("whsec_"), text);
  }
  assertEquals((await run("webhook", "remove", "chat")).output, "Removed chat: nothing more is sent to it.\n");
  for (
    const command of [["remove", "chat"], ["replay", "chat"], ["rotate", "chat"], ["log", "chat"], ["test", "chat"]]
  ) {
    const { code, log } = await run("webhook", ...command);
    assertEquals([code, log.includes("webhook list shows them")], [1, true], log);
  }
});

Deno.test("bad options are refused with what would work", async () => {
  await using directory = await temporaryDirectory();
  await runHere(directory.path, ["token", "issue", "--name", "ci", "--role", "observer"]);
  const cases: readonly (readonly [command: readonly string[], message: string])[] = [
    [["add", "w", "ftp://e.com"], "must begin with https:// or http://"],
    [["add", "w", "https://e.com", "--type", "nope"], "There is no nope"],
    [["add", "w", "https://e.com", "--type", "token.issued", "--audiences", "a"], "leave one of them out"],
    [["add", "w"], "missing required argument 'url'"],
    [["rotate", "w", "--grace", "soon"], "a duration like PT1H"],
    [["replay", "w", "--since", "soon"], "a duration before now like PT1H"],
  ];
  for (const [command, message] of cases) {
    const { code, log } = await runHere(directory.path, ["webhook", ...command]);
    assertEquals(code, 1);
    assertStringIncludes(log, message);
  }
});

Deno.test("a test sends a signed event at once, and tells what came back or what is missing", async () => {
  await using directory = await temporaryDirectory();
  let status = 200;
  const bodies: unknown[] = [];
  let secret = "";
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    bodies.push(new Webhook(secret).verify(await request.text(), Object.fromEntries(request.headers)));
    return new Response(null, { status });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  await runHere(directory.path, ["token", "issue", "--name", "ci", "--role", "observer"]);
  const added = await runHere(directory.path, ["webhook", "add", "w", `http://${host}/`]);
  secret = SECRET.exec(added.output)?.[0] ?? "";
  const test = (net: readonly string[], ...options: readonly string[]) => {
    const permissions = [`--allow-read=${directory.path}`, ...net];
    const command = [MAIN, "--data", directory.path, ...options, "webhook", "test", "w"];
    return runProgram("", [], { args: ["run", "--quiet", "--no-prompt", ...permissions, ...command], input: "" });
  };
  const unpermitted = await test([]);
  assertEquals(unpermitted.code, 1);
  assertStringIncludes(unpermitted.log, `start it with --allow-net=${host}`);
  const forbidden = await test([`--allow-net=${host}`]);
  assertStringIncludes(forbidden.output, "which only --allow-private-webhooks allows");
  const sent = await test([`--allow-net=${host}`], "--allow-private-webhooks");
  assertMatch(sent.output, /^The receiver answered 200 after \d+ ms\.\n$/);
  assertEquals(sent.code, 0);
  status = 500;
  assertEquals((await test([`--allow-net=${host}`], "--allow-private-webhooks")).code, 1);
  assertEquals(bodies.map((body) => [Object(body).type, Object(body).subject]), [
    ["orchestrator.webhook.test", "w"],
    ["orchestrator.webhook.test", "w"],
  ]);
});
