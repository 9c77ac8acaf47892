/**
 * Shows that questions go to a worker, that one which ends by itself fails its open questions only, that an idle one ends,
 * and that nobody waits for what is cancelled. The workers are real threads with a few lines in them.
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Question } from "../../src/app/answerer.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { WorkerAnswering } from "../../src/app/worker_answering.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { RecordingLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const { signal } = new AbortController();

/** Answers with its name and the seq of the question; refuses 4, does not answer 7, and ends at 99. */
const COUNTING = `
  onmessage = ({ data }) => {
    if (data.type !== "ask") return;
    const { seq } = data.question.moment;
    if (seq === 99) throw new Error("out of order");
    if (seq === 4) postMessage({ type: "failed", id: data.id, error: { type: "refusal", code: "not_found", message: "none", data: { seq } } });
    else if (seq !== 7) postMessage({ type: "answered", id: data.id, answer: [self.name, seq] });
  };
  postMessage({ type: "started" });
`;

/** Answering by workers that run a script, and how many were started. */
function answering(script: string, idleMs?: number) {
  const log = new RecordingLog();
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  let started = 0;
  const start = () => new Worker(url, { type: "module", name: `worker ${++started}` });
  const answering = new WorkerAnswering({ start, place: "/data", log, ...(idleMs !== undefined && { idleMs }) });
  return { answering, log, started: () => started, ask: (seq: number) => answering.ask(ask(seq), signal) };
}

function ask(seq: number): Question {
  return { type: "find", moment: { seq } };
}

Deno.test("one worker answers all questions, and its refusals are refusals here", async () => {
  const { answering: worker, ask, started } = answering(COUNTING);
  await using _ = worker;
  assertEquals(await Promise.all([ask(1), ask(2), ask(3)]), [["worker 1", 1], ["worker 1", 2], ["worker 1", 3]]);
  const refusal = await assertRejects(() => ask(4), Refusal, "none");
  assertEquals([refusal.code, refusal.data], ["not_found", { seq: 4 }]);
  assertEquals(started(), 1);
});

Deno.test("a worker that ends by itself fails its open questions, and the next one starts another", async () => {
  const { answering: worker, ask, log } = answering(COUNTING);
  await using _ = worker;
  const open = ask(7);
  const crashed = await assertRejects(() => ask(99), Unavailable);
  assertEquals(crashed.code, "worker_failed");
  await assertRejects(() => open, Unavailable, "out of order");
  assertEquals(await ask(1), ["worker 2", 1]);
  assertStringIncludes(log.errors.join(), "out of order");
});

Deno.test("a worker that cannot start fails the question", async () => {
  const { answering: worker, ask } = answering(`throw new Error("no module");`);
  await using _ = worker;
  assertEquals((await assertRejects(() => ask(1), Unavailable, "no module")).code, "worker_failed");
});

Deno.test("a cancelled question is rejected at once, and the worker is told", async () => {
  const { answering: worker } = answering(`
    let open;
    onmessage = ({ data }) => {
      if (data.type === "ask" && data.question.moment.seq === 1) open = data.id;
      else if (data.type === "ask") postMessage({ type: "answered", id: data.id, answer: open });
      else if (data.type === "cancel" && data.id === open) open = "cancelled";
    };
    postMessage({ type: "started" });
  `);
  await using _ = worker;
  const cancel = new AbortController();
  const first = worker.ask(ask(1), cancel.signal);
  cancel.abort(new Error("gone"));
  await assertRejects(() => first, Error, "gone");
  const second = new AbortController();
  const waiting = worker.ask(ask(1), second.signal);
  await worker.ask(ask(2), signal);
  second.abort(new Error("gone, too"));
  await assertRejects(() => waiting, Error, "gone, too");
  assertEquals(await worker.ask(ask(2), signal), "cancelled");
});

Deno.test("an idle worker ends, and the next question starts another", async () => {
  const { answering: worker, ask } = answering(COUNTING, 1);
  await using _ = worker;
  assertEquals(await ask(1), ["worker 1", 1]);
  await until("another worker", async () => JSON.stringify(await ask(1)) !== JSON.stringify(["worker 1", 1]));
});

Deno.test("open questions are told that the server is shutting down", async () => {
  const { answering: worker, ask } = answering(COUNTING);
  await ask(1);
  const open = ask(7);
  await worker[Symbol.asyncDispose]();
  assertEquals((await assertRejects(() => open, Unavailable)).code, "closed");
});

Deno.test("no timer is left when open questions end with the server", { sanitizeOps: true }, async () => {
  const { answering: worker, ask } = answering(COUNTING);
  const open = ask(7);
  await worker[Symbol.asyncDispose]();
  await assertRejects(() => open, Unavailable);
});
