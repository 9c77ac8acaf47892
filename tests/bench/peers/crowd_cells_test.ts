/** Shows how outcomes of a crowd are judged. */

import { assertEquals } from "@std/assert";
import { createsCell, raceCell } from "./crowd_cells.ts";

const CREATES = { tasks: 400, asked: 400, answered: 400, ids: 400, kept: 400 };

Deno.test("creates are right if all are there, each with its id", () => {
  assertEquals(createsCell(CREATES), { value: 400, isRight: true });
  assertEquals(createsCell({ ...CREATES, kept: 57 }), { value: 57, isRight: false, detail: "of 400 answered" });
});

Deno.test("refused creates and ids given twice are faults", () => {
  assertEquals(createsCell({ ...CREATES, answered: 390, ids: 52, kept: 390 }), {
    value: 390,
    isRight: false,
    detail: "10 refused, 52 different ids",
  });
});

Deno.test("being slow is told, but no fault", () => {
  assertEquals(createsCell({ tasks: 400, asked: 300, answered: 300, ids: 300, kept: 300 }), {
    value: 300,
    isRight: true,
    detail: "not done in 20 s",
  });
});

Deno.test("a race is right if each task was handed out once", () => {
  const race = { tasks: 40, executions: 40, distinct: 40, isFinished: true };
  assertEquals(raceCell(race), { value: 40, isRight: true });
  assertEquals(raceCell({ ...race, executions: 63 }), { value: 63, isRight: false });
});

Deno.test("as many executions as tasks are not right if some task had two, or time was over", () => {
  const race = { tasks: 40, executions: 40, distinct: 38, isFinished: true };
  assertEquals(raceCell(race), { value: 40, isRight: false, detail: "only 38 of the tasks" });
  assertEquals(raceCell({ ...race, distinct: 40, isFinished: false }), {
    value: 40,
    isRight: false,
    detail: "not done in 20 s",
  });
});
