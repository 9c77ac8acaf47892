/** Shows from which size on a record takes no consequences, and from which it is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import {
  MAX_BULK_BYTES,
  MAX_EVENTS_BYTES,
  MAX_IMPORT_BYTES,
  MAX_RECORD_TASKS,
} from "../../../src/core/model/limits.ts";
import { importParts } from "../../../src/core/rules/import_parts.ts";
import { jsonBytes, roomBeside } from "../../../src/core/state/record_size.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { oldTask, times } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("the room beside events depends on their bytes of UTF-8, at the bound itself", () => {
  for (const character of ["x", "é", "\n", "🦕", "\u0001"]) {
    for (const [bytes, room] of [[MAX_BULK_BYTES, MAX_RECORD_TASKS], [MAX_EVENTS_BYTES, 0]] as const) {
      assertEquals(roomBeside(eventsOf(bytes - 1, character)), room);
      assertEquals(roomBeside(eventsOf(bytes, character)), room);
    }
    assertEquals(roomBeside(eventsOf(MAX_BULK_BYTES + 1, character)), 0);
    assertThrows(() => roomBeside(eventsOf(MAX_EVENTS_BYTES + 1, character)), Refusal, `at most ${MAX_EVENTS_BYTES}`);
  }
});

test("an import comes in parts of the bound of a part", () => {
  const tasks = times(40, (index) => oldTask(`t${index}`, { description: "x".repeat(60_000), order: index + 1 }));
  const parts = importParts(tasks);
  assertEquals(parts.flat().length, 40);
  for (const part of parts) assertEquals(jsonBytes(part) <= MAX_IMPORT_BYTES, true);
  assertEquals(parts.length, Math.ceil(jsonBytes(tasks) / MAX_IMPORT_BYTES));
});

/** Events of exactly so many bytes as JSON. */
function eventsOf(bytes: number, character: string): readonly Event[] {
  const make = (reason: string): readonly Event[] => [{ type: "task.cancelled", id: "a", reason }];
  const left = bytes - jsonBytes(make(""));
  const each = jsonBytes(character) - 2;
  return make(character.repeat(Math.floor(left / each)) + "x".repeat(left % each));
}
