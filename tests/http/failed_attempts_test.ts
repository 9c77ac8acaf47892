/** Shows that failed attempts are limited for each address, and that the count is bounded and forgotten in time. */

import { assertEquals } from "@std/assert";
import { FailedAttempts, MAX_ADDRESSES, MAX_FAILED, WINDOW_MS } from "../../src/http/failed_attempts.ts";
import { times } from "../core/given.ts";

Deno.test("an address has so many failed attempts in a window, whatever others do", () => {
  let now = 1_000;
  const failed = new FailedAttempts(() => now);
  assertEquals(times(MAX_FAILED, () => failed.add("a")), times(MAX_FAILED, () => undefined));
  now += 500;
  assertEquals(failed.add("a"), Math.ceil((WINDOW_MS - 500) / 1_000));
  assertEquals(failed.add("b"), undefined);
  now += WINDOW_MS - 501;
  assertEquals(failed.add("a"), 1);
  now += 1;
  assertEquals(failed.add("a"), undefined);
});

Deno.test("beyond so many addresses, all further ones share one count", () => {
  const failed = new FailedAttempts(() => 0);
  for (const index of times(MAX_ADDRESSES, (index) => index)) failed.add(`${index}`);
  assertEquals(times(MAX_FAILED, (index) => failed.add(`new ${index}`)), times(MAX_FAILED, () => undefined));
  assertEquals(failed.add("one too many"), 60);
  assertEquals(failed.add("0"), undefined);
});
