/** Shows which webhooks there can be, and what becomes of them in the state; what is sent is shown in tests/webhooks. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { MAX_DURATION_MS, MAX_TIME_MS, MAX_URL_CHARACTERS, MAX_WEBHOOKS } from "../../../src/core/model/limits.ts";
import type { NewWebhook, Webhook } from "../../../src/core/model/webhook.ts";
import { notificationsOf } from "../../../src/core/messages/notifications.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { restore, snapshotOf } from "../../../src/core/state/snapshot.ts";
import type { ReadonlyState, State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { contextAt, refusalOf, run, stateAfter } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function add(settings: Partial<NewWebhook> = {}) {
  const webhook = { name: "w", id: "id1", url: "https://example.com/hook", secret: "s1", ...settings };
  return { type: "add_webhook" as const, webhook };
}

function webhooksIn(state: ReadonlyState): readonly Webhook[] {
  return answer(state, { type: "list_webhooks" }, contextAt(state.now));
}

/** What is left of a state after it was written as JSON. */
function reread(state: State): State {
  return restore(JSON.parse(JSON.stringify(snapshotOf(state))));
}

test("a webhook is listed as it was added, also after a restore", () => {
  const settings = { types: ["task.failed"], group: "later", task: "t", audiences: ["team"] };
  const state = stateAfter(add(settings), add({ name: "v", id: "id2", types: [], audiences: [] }));
  for (const each of [state, reread(state)]) {
    const [first, second] = webhooksIn(each);
    assertEquals(first, { ...add(settings).webhook, createdAt: first?.createdAt ?? 0 });
    assertEquals(Object.keys(second ?? {}).toSorted(), ["createdAt", "id", "name", "secret", "url"]);
  }
});

const REFUSED: readonly (readonly [string, Command, string])[] = [
  ["a second one of its name", add(), "already exists"],
  ["an empty name", add({ name: "" }), "Webhook name is empty"],
  ["an id that is no name of a file", add({ name: "n", id: "../x" }), "must be 1 to 100 letters"],
  ["such an id of a secret", add({ name: "n", secret: "" }), "must be 1 to 100 letters"],
  ["no URL", add({ name: "n", url: "example.com" }), "must be an address"],
  ["a long URL", add({ name: "n", url: `https://e.com/${"x".repeat(MAX_URL_CHARACTERS)}` }), "must be an address"],
  ["a URL of files", add({ name: "n", url: "file:///etc/passwd" }), "must begin with https:// or http://"],
  ["a URL with a password", add({ name: "n", url: "https://u:p@e.com/" }), "must not have a user or password"],
  ...["*.e.com", "a,b.com", "a..com", ".", `${"x".repeat(64)}.com`, `${"x.".repeat(127)}com`].map((host) => {
    return [
      `a URL with the host ${host}`,
      add({ name: "n", url: `https://${host}/` }),
      "must have a host name",
    ] as const;
  }),
  ["a URL with a fragment", add({ name: "n", url: "https://e.com/#a" }), "must not have a fragment"],
  ["an unknown type", add({ name: "n", types: ["task.vanished"] }), "which is no event type"],
  ["types for admins and audiences", add({ name: "n", types: ["token.issued"], audiences: ["a"] }), "only admins see"],
  ["an empty audience", add({ name: "n", audiences: [""] }), "Audience is empty"],
  ["to rotate none", { type: "rotate_webhook", name: "n", secret: "s", graceMs: 1 }, "Cannot rotate the secret of"],
  ["a negative grace", { type: "rotate_webhook", name: "w", secret: "s", graceMs: -1 }, "whole number from 0"],
  ["a long grace", { type: "rotate_webhook", name: "w", secret: "s", graceMs: MAX_DURATION_MS + 1 }, "whole number"],
  ["to replay none", { type: "replay_webhook", name: "n" }, "Cannot replay webhook n"],
  ["to replay from no place", { type: "replay_webhook", name: "w", from: { seq: 1.5 } }, "whole number"],
  ["to replay from no time", { type: "replay_webhook", name: "w", from: { at: MAX_TIME_MS + 1 } }, "whole number"],
  ["to remove none", { type: "remove_webhook", name: "n" }, "webhook list shows them"],
  ["a long reason", { type: "disable_webhook", name: "w", id: "id1", why: "x".repeat(1_025) }, "is too long"],
];

for (const [what, command, message] of REFUSED) {
  test(`refused: ${what}`, () => {
    const state = stateAfter(add());
    assertStringIncludes(refusalOf(() => run(state, command, 50)).message, message);
  });
}

test("there are at most as many webhooks as the bound says", () => {
  const state = stateAfter();
  for (let count = 0; count < MAX_WEBHOOKS; count++) run(state, add({ name: `w${count}` }), count + 1);
  assertEquals(refusalOf(() => run(state, add({ name: "more" }), 60)).code, "limit_exceeded");
  run(state, { type: "remove_webhook", name: "w7" }, 60);
  run(state, add({ name: "more" }), 60);
});

test("after a rotation both secrets sign for the grace, after another one only the last two", () => {
  const state = stateAfter(add());
  run(state, { type: "rotate_webhook", name: "w", secret: "s2", graceMs: 1_000 }, 5_000);
  assertEquals(webhooksIn(state)[0]?.previousSecret, { id: "s1", until: 6_000 });
  run(state, { type: "rotate_webhook", name: "w", secret: "s3", graceMs: 10 }, 5_500);
  const [twice] = webhooksIn(reread(state));
  assertEquals([twice?.secret, twice?.previousSecret], ["s3", { id: "s2", until: 5_510 }]);
  run(state, { type: "rotate_webhook", name: "w", secret: "s4", graceMs: 0 }, 5_600);
  const [last] = webhooksIn(state);
  assertEquals([last?.secret, last?.previousSecret], ["s4", undefined]);
});

test("a webhook is disabled once, and only if it is still the same; a replay enables it", () => {
  const state = stateAfter(add());
  const disable = (id: string) => ({ type: "disable_webhook" as const, name: "w", id, why: "it is gone" });
  run(state, disable("other"), 7);
  assertEquals(webhooksIn(state)[0]?.disabled, undefined);
  run(state, disable("id1"), 8);
  run(state, disable("id1"), 9);
  assertEquals(webhooksIn(state)[0]?.disabled, { at: 8, why: "it is gone" });
  run(state, { type: "replay_webhook", name: "w", from: { seq: 3 } }, 10);
  run(state, { type: "replay_webhook", name: "w" }, 11);
  const [webhook] = webhooksIn(reread(state));
  assertEquals([webhook?.disabled, webhook?.replays, webhook?.replayFrom], [undefined, 2, undefined]);
});

test("a corrected clock corrects the times of webhooks", () => {
  const state = stateAfter();
  run(state, add(), 1_000_000);
  run(state, { type: "rotate_webhook", name: "w", secret: "s2", graceMs: 500 }, 1_000_000);
  run(state, { type: "disable_webhook", name: "w", id: "id1", why: "gone" }, 1_000_000);
  evolve(state, { type: "clock.corrected", from: 1_000_000, to: 2_000 }, 2_000);
  const [webhook] = webhooksIn(state);
  assertEquals(webhook?.createdAt, 2_000);
  assertEquals(webhook?.previousSecret?.until, 2_500);
  assertEquals(webhook?.disabled?.at, 2_000);
});

test("no notification has the ids of secrets, and admins alone see those of webhooks", () => {
  const state = stateAfter(add({ secret: "hidden-secret-id" }));
  const events =
    decide(state, { type: "rotate_webhook", name: "w", secret: "hidden-2", graceMs: 5 }, contextAt(9)).events;
  const saved = decide(stateAfter(), add({ secret: "hidden-secret-id" }), contextAt(9)).events;
  const record = { seq: 1, at: 1, actor: "a", command: "c", events: [...saved, ...events] };
  assertEquals(JSON.stringify(notificationsOf(record, { source: "s" })).includes("hidden"), false);
  const query = { type: "select_notifications" as const, records: [record], filter: {}, source: "s" };
  const seenBy = (role: "admin" | "observer") => {
    return answer(state, query, { ...contextAt(9), caller: { ...localOperator("x"), role } }).length;
  };
  assertEquals([seenBy("admin"), seenBy("observer")], [2, 0]);
});
