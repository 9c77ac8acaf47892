/** Shows that the plans of earlier moments are kept up to a number of rows, those that were looked at last. */

import { assertEquals } from "@std/assert";
import { PastTables } from "../../../src/dashboard/plan/past_tables.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";

function tableOf(size: number): PlanTable {
  const table = new PlanTable();
  for (let row = 0; row < size; row++) table.ids.push(String(row));
  return table;
}

Deno.test("what was not looked at for longest goes first, once there are too many rows", () => {
  const kept = new PastTables(10);
  const tables = ["1", "2", "3"].map((moment) => {
    const table = tableOf(4);
    if (moment === "3") assertEquals(kept.get("1")?.size, 4);
    kept.set(moment, table);
    return table;
  });
  assertEquals([kept.get("1"), kept.get("2"), kept.get("3")], [tables[0], undefined, tables[2]]);
});

Deno.test("rows up to the bound are kept, and the newest table however large it is", () => {
  const kept = new PastTables(8);
  kept.set("1", tableOf(4));
  kept.set("2", tableOf(4));
  assertEquals([kept.get("1")?.size, kept.get("2")?.size], [4, 4]);
  kept.set("2", tableOf(4));
  assertEquals(kept.get("1")?.size, 4);
  kept.set("3", tableOf(9));
  assertEquals([kept.get("1"), kept.get("2"), kept.get("3")?.size], [undefined, undefined, 9]);
  kept.clear();
  assertEquals(kept.get("3"), undefined);
});
