/** Shows that questions are bounded: a few are answered at a time, and one caller cannot take the room of all. */

import { assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { endBy } from "../../src/app/observed_call.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { MAX_QUESTIONS, Questions } from "../../src/app/questions.ts";
import { localOperator, shareOf } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "../support/log.ts";
import { until } from "../support/until.ts";

Deno.test("four questions are answered at a time, and a caller may have its share open", async () => {
  const journal = new MemoryJournal(Date.now);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  const asked: PromiseWithResolvers<unknown>[] = [];
  const questions = new Questions({
    engine,
    answering: {
      isApart: true,
      ask() {
        const open = Promise.withResolvers<unknown>();
        asked.push(open);
        return open.promise;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  });
  const { signal } = new AbortController();
  const study = { type: "analysis", limit: 1 } as const;
  const ann = questions.analystOf(localOperator("ann"));
  const open = Array.from({ length: shareOf(MAX_QUESTIONS) }, () => ann(study, signal));
  assertEquals((await assertRejects(() => ann(study, signal), Unavailable)).code, "overloaded");
  open.push(questions.analystOf(localOperator("bob"))(study, signal));
  await until("the first answers", () => asked.length === 4);
  for (let answered = 0; answered < open.length; answered++) {
    await until("a question", () => asked[answered] !== undefined);
    assertEquals(asked.length, Math.min(open.length, answered + 4));
    asked[answered]?.resolve(answered);
    await until("the next one", () => asked.length === Math.min(open.length, answered + 5));
  }
  assertEquals((await Promise.all(open)).length, open.length);
  const later = ann(study, signal);
  await until("a later one", () => asked.length === open.length + 1);
  asked.at(-1)?.resolve("late");
  assertEquals(await later as unknown, "late");
  await engine.close();
});

Deno.test("a question that its client ended is cancelled, not failed, in a worker as in this thread", async () => {
  const journal = new MemoryJournal(Date.now);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  const endOf = async (isApart: boolean) => {
    const client = new AbortController();
    const answering = {
      isApart,
      ask: () => Promise.reject(client.signal.reason),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const analyst = new Questions({ engine, answering }).analystOf(localOperator("ann"));
    client.abort();
    return endBy(await assertRejects(() => analyst({ type: "analysis", limit: 1 }, client.signal)));
  };
  const cancelled = { outcome: "unavailable", code: "cancelled" };
  assertEquals([await endOf(true), await endOf(false)], [cancelled, cancelled]);
  await engine.close();
});
