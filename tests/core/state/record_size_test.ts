/** Shows from which size on a record takes no consequences, and from which it is refused. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { MAX_EVENTS_BYTES, MAX_IMPORT_BYTES, MAX_RECORD_TASKS } from "../../../src/core/model/limits.ts";
import { importParts } from "../../../src/core/rules/import_parts.ts";
import { jsonBytes, limitOf, roomAfter, roomBeside } from "../../../src/core/state/record_size.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { oldTask, times } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("the room beside events depends on their bytes of UTF-8, at the bound itself", () => {
  for (const character of ["x", "é", "\n", "🦕", "\u0001"]) {
    for (const bytes of [MAX_EVENTS_BYTES / 2, MAX_EVENTS_BYTES - 1, MAX_EVENTS_BYTES]) {
      const frame = jsonBytes({ events: [], groups: [] }) - 2;
      const room = roomBeside(eventsOf(bytes - frame, character));
      assertEquals(room, { tasks: MAX_RECORD_TASKS, bytes: MAX_EVENTS_BYTES - bytes });
      const tooLarge = eventsOf(MAX_EVENTS_BYTES - frame + 1, character);
      assertThrows(() => roomBeside(tooLarge), Refusal, `at most ${MAX_EVENTS_BYTES}`);
    }
  }
});

test("groups take room, too, and small events leave room for as many consequences as a record may have", () => {
  const events = eventsOf(1_000, "x");
  assertEquals(limitOf(roomBeside(events)), MAX_RECORD_TASKS);
  const groups = [{ group: "g", tasks: [" ".repeat(MAX_EVENTS_BYTES - 50_000)] }];
  assert(limitOf(roomBeside(events, groups)) < 20);
  const more = [{ group: "g", tasks: [" ".repeat(MAX_EVENTS_BYTES)] }];
  assertThrows(() => roomBeside(events, more), Refusal, `at most ${MAX_EVENTS_BYTES}`);
});

test("consequences take no more room than the longest that there can be", () => {
  const ids = times(1_000, (index) => "長".repeat(190) + String(index).padStart(10, "0"));
  const skipped: Event = { type: "tasks.skipped", tasks: ids.map((id) => ({ id, because: id })) };
  const room = roomAfter(roomBeside([]), [skipped], 1_000);
  assertEquals([room.tasks, limitOf(room), room.bytes >= 0], [0, 0, true]);
  const short: Event = { type: "tasks.skipped", tasks: [{ id: "a", because: "b" }] };
  assertEquals(limitOf(roomAfter(roomBeside([]), [short], 1)), MAX_RECORD_TASKS - 1);
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
