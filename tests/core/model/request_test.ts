/** Shows the forms of request ids, and that a fingerprint tells commands apart and never changes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_ID_CHARACTERS } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import {
  callerRequest,
  engineRequest,
  fingerprintOf,
  formatRequest,
  parseRequest,
} from "../../../src/core/model/request.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a caller's request is read back from its record, whatever its id", () => {
  for (const id of ["a", "a#b", "a#", "1/2", "é 👩‍💻", "x".repeat(MAX_ID_CHARACTERS)]) {
    const request = callerRequest(id, { type: "leave", instance: "i" });
    assertEquals(parseRequest(formatRequest(request)), request);
  }
});

test("an id that the engine made is no caller's", () => {
  assertEquals(engineRequest("0a1b2c3d", 7), "#0a1b2c3d-7");
  assertEquals(parseRequest(engineRequest("0a1b2c3d", 7)), undefined);
});

test("a request id is refused if it is malformed or looks like one of the engine", () => {
  for (const id of ["", " a", "a\n", "#", "#a", "x".repeat(MAX_ID_CHARACTERS + 1)]) {
    const refusal = assertThrows(() => callerRequest(id, {}), Refusal);
    assertEquals(refusal.message.startsWith("Request id"), true, refusal.message);
  }
});

test("the order of fields does not count", () => {
  const one = { type: "a", settings: { x: 1, y: [{ b: 2, c: 3 }] }, 7: 1, 10: 2 };
  const other = { 10: 2, settings: { y: [{ c: 3, b: 2 }], x: 1 }, type: "a", 7: 1, none: undefined };
  assertEquals(fingerprintOf(one), fingerprintOf(other));
});

test("every difference counts", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const isSame = sorted(one) === sorted(other);
      assertEquals(fingerprintOf(one) === fingerprintOf(other), isSame);
    }),
    { numRuns: 2_000 },
  );
  assert(fingerprintOf({ a: ["x", "y"] }) !== fingerprintOf({ a: ["y", "x"] }));
  assert(fingerprintOf({ a: 1, b: 2 }) !== fingerprintOf({ a: 2, b: 1 }));
  assert(fingerprintOf({ a: "1" }) !== fingerprintOf({ a: 1 }));
});

test("fingerprints are in journals, so they never change", () => {
  assertEquals(fingerprintOf({ type: "delete_task", id: "a" }), KNOWN);
});

/** By the reference implementation of 32-bit FNV-1a, forwards and backwards. */
const KNOWN = "3ecb9c5290df5e1a";

/** JSON that is the same for equal values. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${sorted(each)}`).sort()}}`;
}
