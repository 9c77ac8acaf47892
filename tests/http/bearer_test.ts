/** Shows who is let in with a token, and that attempts with others are few, alike, and counted for the audit. */

import { assert, assertEquals } from "@std/assert";
import { Denials, MAX_DENIALS } from "../../src/app/denials.ts";
import { Engine } from "../../src/app/engine.ts";
import { issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { bearerCaller } from "../../src/http/bearer.ts";
import { MAX_FAILED } from "../../src/http/failed_attempts.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { times } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";
import { recordsOf } from "../support/store.ts";

const UNKNOWN = `orc_${"x".repeat(43)}`;

async function start() {
  const log = new RecordingLog();
  const engine = await Engine.start({ journal: new MemoryJournal(Date.now), checkpoints: noCheckpoints, log });
  const denials = new Denials({ engine, log });
  const callerOf = bearerCaller({ engine, process: "7", onDenied: (denial) => denials.note(denial) });
  const ask = async (authorization: string | undefined, address = "10.0.0.1") => {
    const headers = authorization === undefined ? {} : { authorization };
    return await callerOf(new Request("http://localhost/", { headers }), { address });
  };
  return { engine, ask, end: () => denials[Symbol.asyncDispose]() };
}

Deno.test("a request with a valid token is made by its holder, from its address", async () => {
  const { engine, ask, end } = await start();
  const { secret } = await issueToken(
    (command) => engine.execute(command, localOperator("test")),
    { name: "ci", role: "worker", instance: "w1" },
  );
  for (const authorization of [`Bearer ${secret}`, `bearer  ${secret}`]) {
    const who = await ask(authorization);
    assert(!(who instanceof Response));
    assertEquals([who.instance, who.caller.via], ["w1", { transport: "http", process: "7", address: "10.0.0.1" }]);
  }
  await end();
});

Deno.test("attempts without a valid token are recorded at a bounded rate for each address, and counted", async () => {
  const { engine, ask, end } = await start();
  const attempts = 3 * MAX_FAILED;
  const statuses = new Set<number>();
  for (
    const [address, authorization] of [["10.0.0.1", `Bearer ${UNKNOWN}`], ["10.0.0.2", "Bearer nonsense"]] as const
  ) {
    for (const _ of times(attempts, Number)) {
      const response = await ask(authorization, address);
      assert(response instanceof Response);
      statuses.add(response.status);
    }
  }
  assertEquals([...statuses], [401, 429]);
  await end();
  const denials = (await recordsOf(engine)).flatMap(({ events }) =>
    events.flatMap((event) => event.type === "access.denied" ? [event.denial] : [])
  );
  for (const [address, own] of Map.groupBy(denials, ({ via }) => via?.address)) {
    assertEquals(own.length, MAX_DENIALS + 1, address);
    assertEquals(own.reduce((sum, { more = 0 }) => sum + 1 + more, 0), attempts, address);
    assertEquals([...new Set(own.map(({ reason, call }) => `${reason} ${call}`))], ["token get_caller"]);
  }
  assertEquals(denials.length, 2 * (MAX_DENIALS + 1));
  assert(!JSON.stringify(denials).includes("nonsense"));
});

Deno.test("requests without any token are refused, whatever their number, and not recorded", async () => {
  const { engine, ask, end } = await start();
  for (const _ of times(3 * MAX_FAILED, Number)) {
    const response = await ask(undefined);
    assert(response instanceof Response);
    assertEquals([response.status, response.headers.get("www-authenticate")], [401, 'Bearer realm="orchestrator"']);
  }
  await end();
  assertEquals(await recordsOf(engine), []);
});
