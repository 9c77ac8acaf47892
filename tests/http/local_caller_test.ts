/** Shows who may call as the local operator: whoever has the key of this run of the service, and nobody else. */

import { assertEquals } from "@std/assert";
import { answerTo, newChallenge, newLocalKey } from "../../src/app/local_key.ts";
import { createApp, type Who } from "../../src/http/app.ts";
import { hostsOf } from "../../src/http/hosts.ts";
import {
  CHALLENGE_HEADER,
  CHALLENGE_PATH,
  challengeMount,
  KEY_HEADER,
  LEASE_HEADER,
  localCaller,
} from "../../src/http/local_caller.ts";
import { problem } from "../../src/http/problem.ts";
import { RecordingLog } from "../support/log.ts";

const KEY = newLocalKey();

const ANN: Who = { caller: { name: "http", token: "digest", via: { transport: "http" } }, instance: "ann" };

const APP = createApp({
  hosts: hostsOf("127.0.0.1", []),
  callerOf: localCaller({
    key: KEY,
    process: "7",
    withToken: ({ headers }) =>
      Promise.resolve(headers.get("authorization") === "Bearer ann" ? ANN : problem(401, "no token")),
    others: () => Promise.resolve(problem(401, "not known")),
  }),
  checkReady: () => Promise.resolve(),
  publicMounts: [challengeMount(KEY, "")],
  mounts: [
    (app) => app.get("/who", (c) => c.json([c.get("caller"), c.get("instance") ?? null, c.get("leaseMs") ?? null])),
  ],
  log: new RecordingLog(),
});

async function ask(path: string, headers: Readonly<Record<string, string>>) {
  const request = new Request(`http://localhost${path}`, { headers: { host: "localhost", ...headers } });
  const response = await APP.fetch(request, { address: "127.0.0.1" });
  return { status: response.status, json: await response.json() };
}

Deno.test("the key makes a caller the local operator, or whom its token names, with a lease of its own", async () => {
  const via = { transport: "cli", process: "7" };
  assertEquals((await ask("/who", { [KEY_HEADER]: KEY })).json, [{ name: "cli", role: "admin", via }, null, null]);
  const withToken = { [KEY_HEADER]: KEY, authorization: "Bearer ann", [LEASE_HEADER]: "5000" };
  assertEquals((await ask("/who", withToken)).json, [{ name: "cli", token: "digest", via }, "ann", 5_000]);
  assertEquals((await ask("/who", { ...withToken, authorization: "Bearer eve" })).status, 401);
});

Deno.test("without the key of this run, headers of the local operator give nothing", async () => {
  assertEquals((await ask("/who", {})).json.detail, "not known");
  assertEquals((await ask("/who", { [LEASE_HEADER]: "5000" })).json.detail, "not known");
  for (const key of [newLocalKey(), "", KEY.slice(1), `${KEY}0`, `service ${KEY}`]) {
    assertEquals((await ask("/who", { [KEY_HEADER]: key, authorization: "Bearer ann" })).status, 401, key);
  }
  for (const lease of ["0", "-1", "1.5", "many", "1e15"]) {
    assertEquals((await ask("/who", { [KEY_HEADER]: KEY, [LEASE_HEADER]: lease })).status, 400, lease);
  }
});

Deno.test("a challenge is answered for anybody, with what only the key gives", async () => {
  const challenge = newChallenge();
  const { status, json } = await ask(CHALLENGE_PATH, { [CHALLENGE_HEADER]: challenge });
  assertEquals([status, json], [200, { answer: await answerTo(challenge, KEY) }]);
  const others = await Promise.all([answerTo(challenge, newLocalKey()), answerTo(newChallenge(), KEY)]);
  assertEquals(others.includes(json.answer), false);
  for (const malformed of ["", "x", challenge.slice(1), `service ${challenge}`]) {
    assertEquals((await ask(CHALLENGE_PATH, { [CHALLENGE_HEADER]: malformed })).status, 400, malformed);
  }
});
