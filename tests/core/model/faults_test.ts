/** Shows how several refusals become one. */

import { assert, assertEquals } from "@std/assert";
import { checkAll, checkEach, throwAll } from "../../../src/core/model/faults.ts";
import { MAX_COUNTED_FAULTS, MAX_FAULT_CHARACTERS, MAX_FAULTS } from "../../../src/core/model/limits.ts";
import { Refusal, refuse } from "../../../src/core/model/refusal.ts";
import { refusalOf, times } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function fault(id: string): Refusal {
  return refuse("not_found", `No ${id}`, { remedies: [{ type: "create_task", id }], data: { id } });
}

test("one fault is thrown as it is, none is thrown if there is none, and other errors come through", () => {
  const only = fault("a");
  assertEquals(refusalOf(() => throwAll([only])), only);
  checkAll(() => {}, () => {});
  const bug = new TypeError("bug");
  let thrown: unknown;
  try {
    checkAll(() => throwAll([only]), () => {
      throw bug;
    });
  } catch (error) {
    thrown = error;
  }
  assertEquals(thrown, bug);
});

test("several faults are one refusal with the code and the data of the first, and all remedies", () => {
  const refusal = refusalOf(() => throwAll([fault("a"), new Refusal("cycle", "A cycle", { length: 2 })]));
  assertEquals(refusal.code, "not_found");
  assertEquals(
    refusal.message,
    "No a; what would help: create_task a first. 1 more fault: (2) A cycle",
  );
  assertEquals(refusal.data, {
    id: "a",
    faults: [
      { code: "not_found", message: "No a; what would help: create_task a first", data: { id: "a" } },
      { code: "cycle", message: "A cycle", data: { length: 2 } },
    ],
    fault_count: 2,
  });
  assertEquals(refusal.remedies, [{ type: "create_task", id: "a" }]);
});

test("faults of checks within checks count each for themselves, in the order of the checks", () => {
  const refusal = refusalOf(() =>
    checkAll(
      () => throwAll([fault("a"), fault("b")]),
      () => {},
      () => checkEach(["c", "d"], (id) => throwAll([fault(id), fault(`${id}2`)])),
    )
  );
  const { faults, fault_count: count } = refusal.data as { faults: { data: { id: string } }[]; fault_count: number };
  assertEquals(faults.map(({ data }) => data.id), ["a", "b", "c", "c2", "d", "d2"]);
  assertEquals(count, 6);
});

test("20 faults are named, the others counted; long messages are cut", () => {
  for (const count of [MAX_FAULTS - 1, MAX_FAULTS, MAX_FAULTS + 1, MAX_FAULTS + 2]) {
    const refusal = refusalOf(() => throwAll(times(count, (index) => fault(`t${index}`))));
    assertEquals(refusal.data["fault_count"], count);
    assertEquals((refusal.data["faults"] as unknown[]).length, Math.min(count, MAX_FAULTS));
    assertEquals(refusal.message.includes(", of which the first 19 are: "), count > MAX_FAULTS);
    assert(refusal.message.includes(`. ${count - 1} more faults`), refusal.message);
  }
  const long = refusalOf(() => throwAll(times(MAX_FAULTS, () => new Refusal("invalid_value", "x".repeat(5_000)))));
  assert(long.message.length < 5_000 + MAX_FAULTS * (MAX_FAULT_CHARACTERS + 20));
});

test("faults are counted up to a bound", () => {
  let checked = 0;
  const refusal = refusalOf(() =>
    checkEach(times(2 * MAX_COUNTED_FAULTS, String), (id) => {
      checked++;
      throw new Refusal("not_found", id);
    })
  );
  assertEquals(checked, MAX_COUNTED_FAULTS);
  assert(refusal.message.startsWith(`0. at least ${MAX_COUNTED_FAULTS - 1} more faults`), refusal.message.slice(0, 80));
});
