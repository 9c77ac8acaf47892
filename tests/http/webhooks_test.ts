/** Shows that admins add and look after webhooks over REST, as they do on the command line. */

import { assert, assertEquals } from "@std/assert";
import { startRest } from "../support/rest.ts";
import { recordsOf } from "../support/store.ts";

Deno.test("a webhook is added, listed, rotated and removed; its secret is shown once, and is not in the journal", async () => {
  await using rest = await startRest();
  const body = { name: "chat/1", url: "https://example.com/", type: ["task.failed"], audiences: ["team"], group: "g" };
  const response = await rest.request("POST", "/webhooks", { body });
  const { secret, createdAt, ...webhook } = await response.json();
  assertEquals([response.status, response.headers.get("location")], [201, "/api/v1/webhooks/chat%2F1"]);
  assertEquals(webhook, {
    name: "chat/1",
    url: "https://example.com/",
    types: ["task.failed"],
    audiences: ["team"],
    group: "g",
  });
  const standing = { deliveredUpTo: null, deadLetterCount: 0 };
  assertEquals(await rest.ask("GET", "/webhooks"), { webhooks: [{ ...webhook, createdAt, ...standing }] });
  const rotated = await rest.ask("POST", "/webhooks/chat%2F1/rotate", { grace: "PT1H" });
  assert(rotated["secret"] !== secret && typeof rotated["previousSecretUntil"] === "string");
  assertEquals((await rest.ask("POST", "/webhooks/chat%2F1/replay", { since: "0" }))["name"], "chat/1");
  assertEquals(await rest.ask("GET", "/webhooks/chat%2F1/deliveries"), {
    name: "chat/1",
    ...standing,
    log: [],
    deadLetters: [],
  });
  assert(!JSON.stringify(await recordsOf(rest.engine)).includes("whsec_"));
  assertEquals(await rest.ask("DELETE", "/webhooks/chat%2F1"), { removed: "chat/1" });
  assertEquals(await rest.ask("GET", "/webhooks"), { webhooks: [] });
});

Deno.test("a repeated request adds no second webhook, and does not show the secret again", async () => {
  await using rest = await startRest();
  const request = { body: { name: "w", url: "https://example.com/" }, headers: { "idempotency-key": "k" } };
  assertEquals((await rest.request("POST", "/webhooks", request)).status, 201);
  const repeat = await rest.request("POST", "/webhooks", request);
  const answer = await repeat.json();
  assertEquals([repeat.status, answer.repeated, "secret" in answer], [200, true, false]);
});

Deno.test("what cannot be added, tested or replayed is told with what would work", async () => {
  await using rest = await startRest();
  await rest.ask("POST", "/webhooks", { name: "w", url: "https://example.com/" });
  const refused = [
    ["POST", "/webhooks", 409, /Webhook w already exists/, { name: "w", url: "https://example.com/" }],
    ["POST", "/webhooks", 400, /must begin with https/, { name: "x", url: "file:///etc" }],
    ["POST", "/webhooks", 400, /There is no event type/, { name: "x", url: "https://e.com", type: ["x"] }],
    ["POST", "/webhooks/w/test", 400, /start it with --allow-net=example.com:443/, {}],
    ["POST", "/webhooks/none/test", 404, /list_webhooks shows them/, {}],
    ["POST", "/webhooks/w/rotate", 400, /not a duration/, { grace: "soon" }],
    ["POST", "/webhooks/w/replay", 400, /^since/, { since: "soon" }],
    ["DELETE", "/webhooks/none", 404, /there is none of that name/, undefined],
  ] as const;
  for (const [method, path, status, message, body] of refused) {
    const response = await rest.request(method, path, body === undefined ? {} : { body });
    const { detail } = await response.json();
    assertEquals([response.status, message.test(detail)], [status, true], `${method} ${path}: ${detail}`);
  }
});
