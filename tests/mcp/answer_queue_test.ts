/** Shows that answers are serialized in order, and only as far as the client reads. */

import { assert, assertEquals } from "@std/assert";
import { AnswerQueue } from "../../src/mcp/answer_queue.ts";
import { times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";

Deno.test("small answers are serialized at once, in the order of the calls", async () => {
  const queue = new AnswerQueue(() => true);
  const written: number[] = [];
  const answers = times(1_000, (index) => queue.write(() => written.push(index), () => 100));
  assertEquals(written, times(1_000, (index) => index));
  await Promise.all(answers);
});

Deno.test("large answers are serialized while there is room, the next ones after others were sent", async () => {
  using time = new FakeTime();
  let hasRoom = true;
  const queue = new AnswerQueue(() => hasRoom);
  const written: number[] = [];
  const answers = times(10, (index) => queue.write(() => written.push(index), () => 400_000));
  await settled();
  assertEquals(written, [0, 1, 2], "up to a million characters, and one more answer");
  hasRoom = false;
  await time.pass(10);
  assertEquals(written.length, 3, "the client has not read them");
  for (const expected of [6, 9, 10]) {
    hasRoom = true;
    queue.resume();
    await settled();
    await time.pass(10);
    assert(written.length >= expected, `${written.length} written`);
  }
  await Promise.all(answers);
  assertEquals(written, times(10, (index) => index));
});

Deno.test("an answer that cannot be serialized does not block the others", async () => {
  const queue = new AnswerQueue(() => true);
  const answers = times(6, (index) =>
    queue.write(() => {
      if (index % 2 === 1) throw new Error("cannot");
      return index;
    }, () => 2_000_000));
  const outcomes = (await Promise.allSettled(answers)).map(({ status }) => status);
  assertEquals(outcomes, times(6, (index) => index % 2 === 1 ? "rejected" : "fulfilled"));
});

/** Lets everything happen that waits for no timer. */
async function settled(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve();
}
