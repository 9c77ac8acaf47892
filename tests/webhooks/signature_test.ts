/** Shows that messages are signed as Standard Webhooks says: by its published example, and by its own package. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { messageId, messageOf } from "../../src/webhooks/message.ts";
import { newSecret, signedHeaders } from "../../src/webhooks/signature.ts";
import { times } from "../core/given.ts";

function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, permissions: "none", fn });
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

test("the published example has the published signature", async () => {
  const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330_999, body: bytes('{"test": 2432232314}') };
  assertEquals(await signedHeaders(message, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]), {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("secrets have the form and a length of the specification, and none comes twice", () => {
  const secrets = times(50, newSecret);
  assertEquals(new Set(secrets).size, 50);
  for (const secret of secrets) {
    assert(secret.startsWith("whsec_"));
    const { length } = Uint8Array.fromBase64(secret.slice("whsec_".length));
    assert(length >= 24 && length <= 64, `${length} bytes`);
  }
});

test("the package of the specification verifies what is sent, with each of two secrets, and nothing else", async () => {
  const [old, current, other] = times(3, newSecret);
  const content = { id: "12.3", source: "orchestrator://journals/j/0", type: "t", data: { text: "ü\n🦕" } };
  const sent = await messageOf(content, { at: Date.now(), secrets: [current ?? "", old ?? ""], version: "1.0.0" });
  const body = new TextDecoder().decode(sent.body);
  assertEquals(sent.headers["content-type"], "application/cloudevents+json; charset=utf-8");
  for (const secret of [old, current]) {
    assertEquals(new Webhook(secret ?? "").verify(body, { ...sent.headers }), content);
  }
  assertThrows(() => new Webhook(other ?? "").verify(body, { ...sent.headers }));
  assertThrows(() => new Webhook(current ?? "").verify(body.replace("12.3", "12.4"), { ...sent.headers }));
});

test("the id of a message has no full stop, and differs between journals, epochs and events", () => {
  const ids = ["a/0", "a/1", "b/0"].flatMap((journal) => {
    return ["1.0", "1.10", "11.0"].map((id) =>
      messageId({ id, type: "t", source: `orchestrator://journals/${journal}` })
    );
  });
  assertEquals(ids[0], "msg_a_0_1_0");
  assertEquals(new Set(ids).size, 9);
  for (const id of ids) assert(/^[\w-]+$/.test(id), id);
});
