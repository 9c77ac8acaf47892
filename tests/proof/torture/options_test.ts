/** Shows that a seed fixes what the torture command asks. */

import { assertEquals } from "@std/assert";
import { randomCall } from "../history/random_call.ts";
import { randomOf } from "../history/random.ts";
import { comparable } from "../history/comparable.ts";

Deno.test("torture: the same seed asks the same, another one something else", () => {
  const calls = (seed: string) => {
    const random = randomOf(seed);
    const held = new Map([["t1", 2]]);
    return Array.from({ length: 200 }, () => randomCall({ random, worker: 0, workers: 8, held, token: "x", now: 1 }));
  };
  assertEquals(calls("a"), calls("a"));
  assertEquals(JSON.stringify(calls("a")) === JSON.stringify(calls("b")), false);
  // Every kind of call comes up.
  assertEquals(new Set(calls("a").map(({ type }) => type)).size > 15, true);
});

Deno.test("torture: of why there is nothing to claim, the order of the running tasks does not matter, the reason does", () => {
  const none = (reason: string, ...names: readonly string[]) =>
    comparable({
      type: "answered",
      answer: {
        none: {
          reason,
          message: `No task is ready; waiting for running tasks: ${names.join(", ")}`,
          running: names.map((id) => ({ id, assignedTo: "x" })),
          runningCount: names.length,
        },
      },
    });
  assertEquals(none("waiting", "a", "b"), none("waiting", "b", "a"));
  assertEquals(JSON.stringify(none("waiting", "a")) === JSON.stringify(none("limited", "a")), false);
  assertEquals(JSON.stringify(none("waiting", "a")) === JSON.stringify(none("waiting", "a", "b")), false);
});
