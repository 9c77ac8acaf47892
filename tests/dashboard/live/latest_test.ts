/** Shows that of many moments only one is asked for at a time, and that the latest one is shown in the end. */

import { assertEquals } from "@std/assert";
import { Latest } from "../../../src/dashboard/live/latest.ts";

function createAsked() {
  const asked: string[] = [];
  const told: string[] = [];
  const pending: PromiseWithResolvers<string>[] = [];
  const latest = new Latest<string>({
    ask(question) {
      asked.push(question);
      const answer = Promise.withResolvers<string>();
      pending.push(answer);
      return answer.promise;
    },
    onAnswer: (question, answer) => told.push(`${question}: ${answer}`),
    onError: (question, error) => told.push(`${question} failed: ${error}`),
  });
  const settle = async (act: (answer: PromiseWithResolvers<string>) => void) => {
    const answer = pending.shift();
    if (answer === undefined) throw new Error("Nothing was asked");
    act(answer);
    await answer.promise.catch(() => {});
    await Promise.resolve();
    await Promise.resolve();
  };
  return { latest, asked, told, settle };
}

Deno.test("while one question is under way, only the latest of the others is asked after it", async () => {
  const { latest, asked, told, settle } = createAsked();
  for (const question of ["1", "2", "3"]) latest.want(question);
  assertEquals([asked, latest.isAsking], [["1"], true]);
  await settle(({ resolve }) => resolve("one"));
  assertEquals([asked, told, latest.isAsking], [["1", "3"], ["1: one"], true]);
  await settle(({ resolve }) => resolve("three"));
  assertEquals([told, latest.isAsking], [["1: one", "3: three"], false]);
  latest.want("4");
  assertEquals(asked, ["1", "3", "4"]);
  await settle(({ resolve }) => resolve("four"));
});

Deno.test("after a question that failed, the next one is asked", async () => {
  const { latest, asked, told, settle } = createAsked();
  latest.want("1");
  latest.want("2");
  await settle(({ reject }) => reject("lost"));
  await settle(({ resolve }) => resolve("two"));
  assertEquals([asked, told, latest.isAsking], [["1", "2"], ["1 failed: lost", "2: two"], false]);
});

Deno.test("what is forgotten is not asked", async () => {
  const { latest, asked, told, settle } = createAsked();
  latest.want("1");
  latest.want("2");
  latest.forget();
  await settle(({ resolve }) => resolve("one"));
  assertEquals([asked, told, latest.isAsking], [["1"], ["1: one"], false]);
});
