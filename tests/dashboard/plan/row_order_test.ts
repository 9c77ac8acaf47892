/** Rows that are kept in order one by one are always those that a whole sort would show. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readFilter, rowTest } from "../../../src/dashboard/plan/row_filter.ts";
import { RowOrder } from "../../../src/dashboard/plan/row_order.ts";
import {
  DEFAULT_SORT,
  formatSort,
  nextSort,
  readSort,
  SORT_NAMES,
  type SortField,
} from "../../../src/dashboard/plan/row_sort.ts";
import { STATUSES } from "../../../src/dashboard/plan/statuses.ts";
import { planRows, type Row, tableOf } from "./plan_rows.ts";

const NAMES = ["a", "b", "c"];
const FIELDS = Object.keys(SORT_NAMES) as SortField[];

const someRow = fc.record({
  id: fc.integer({ min: 0, max: 40 }).map((number) => `t${number}`),
  status: fc.constantFrom(...STATUSES),
  title: fc.constantFrom(...NAMES),
  group: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
  holder: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
  priority: fc.integer({ min: 0, max: 3 }),
  percent: fc.integer({ min: -1, max: 3 }),
  deadline: fc.integer({ min: 0, max: 3 }),
  flags: fc.integer({ min: 0, max: 1 }),
});

const someRows = (maxLength: number) => fc.uniqueArray(someRow, { selector: ({ id }) => id, maxLength });

const someParams = fc.record({
  status: fc.constantFrom("ready,failed", "in_progress", "nonsense"),
  group: fc.constantFrom(...NAMES),
  holder: fc.constantFrom(...NAMES),
  priority: fc.constantFrom("high", "urgent"),
  overdue: fc.constant("1"),
  q: fc.constantFrom("A", "t1", "zzz"),
}, { requiredKeys: [] });

Deno.test("changes one by one lead to the same order as sorting everything", () => {
  const merges = fc.array(someRows(6), { maxLength: 12 });
  fc.assert(
    fc.property(
      someRows(30),
      merges,
      someParams,
      fc.constantFrom(...FIELDS),
      fc.boolean(),
      (first, merges, params, field, isDescending) => {
        const table = tableOf(first as readonly Row[]);
        const options = { sort: { field, isDescending }, passes: rowTest(table, readFilter(params), new Set(["t7"])) };
        const order = new RowOrder(table, options);
        for (const rows of merges) {
          order.update(table.merge(planRows(rows as readonly Row[]), 0).rows);
          const whole = new RowOrder(table, options);
          assertEquals(order.rows, whole.rows);
          for (const [index, row] of order.rows.entries()) assertEquals(order.indexOf(row), index);
        }
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a row that does not pass has no place, and a changed one another stamp", () => {
  const table = tableOf([{ id: "a" }, { id: "b", status: "failed" }]);
  const order = new RowOrder(table, {
    sort: DEFAULT_SORT,
    passes: rowTest(table, readFilter({ status: "failed" }), new Set()),
  });
  assertEquals([order.indexOf(0), order.indexOf(1), order.stampOf(1)], [-1, 0, 0]);
  order.update(table.merge(planRows([{ id: "b" }]), 0).rows);
  assertEquals([order.rows, order.indexOf(1), order.stampOf(1)], [[], -1, 1]);
});

Deno.test("many changes at once lead to the same order, too", () => {
  const rows = Array.from({ length: 3_000 }, (_, index): Row => ({ id: `t${index}`, priority: index % 4 }));
  const table = tableOf(rows);
  const options = { sort: { field: "priority", isDescending: true }, passes: () => true } as const;
  const order = new RowOrder(table, options);
  order.update(table.merge(planRows(rows.map((row, index) => ({ ...row, priority: (index * 7) % 3 }))), 0).rows);
  assertEquals(order.rows, new RowOrder(table, options).rows);
});

Deno.test("rows without a group or a deadline come last", () => {
  const table = tableOf([{ id: "a" }, { id: "b", group: "z", deadline: 5 }, { id: "c", group: "é", deadline: 2 }]);
  const rowsBy = (field: SortField) =>
    new RowOrder(table, { sort: { field, isDescending: false }, passes: () => true }).rows;
  assertEquals(rowsBy("group"), [1, 2, 0]);
  assertEquals(rowsBy("deadline"), [2, 1, 0]);
});

Deno.test("the address keeps a sort, and a column that is chosen again turns it around", () => {
  for (const field of FIELDS) {
    for (const isDescending of [false, true]) {
      assertEquals(readSort(formatSort({ field, isDescending })), { field, isDescending });
    }
  }
  assertEquals(readSort("nonsense"), DEFAULT_SORT);
  assertEquals(readSort("toString"), DEFAULT_SORT);
  assertEquals(nextSort(DEFAULT_SORT, "created"), { field: "created", isDescending: true });
  assertEquals(nextSort(DEFAULT_SORT, "priority"), { field: "priority", isDescending: true });
});

Deno.test("a text is found in ids, titles and what the server has found, in any case", () => {
  const table = tableOf([{ id: "Build" }, { id: "x", title: "the BUILD breaks" }, { id: "y" }, { id: "z" }]);
  const passes = rowTest(table, readFilter({ q: " bUiLd " }), new Set(["z"]));
  assertEquals([0, 1, 2, 3].filter(passes), [0, 1, 3]);
});
