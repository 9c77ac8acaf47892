/** Shows which tasks a completion names as skipped. */

import { assertEquals } from "@std/assert";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { MAX_SKIPPED } from "../../../src/core/model/limits.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { skippedBy } from "../../../src/core/views/skipped.ts";
import { create, newTask, stateAfter, times, work } from "../given.ts";

const onFailure: Dependency = { task: "a", on: "failed" };

Deno.test({
  name: "skippedBy names tasks that a completion skipped, and those that depend on them, with the reason",
  permissions: "none",
  fn() {
    const tasks = [newTask("last", "rescue"), newTask("a"), newTask("next", "a"), newTask("rescue", onFailure)];
    const state = stateAfter(create(...tasks), ...work("x", "a"));
    assertEquals(skippedBy({}, findTask(state, "a")), {
      skipped: [
        { id: "last", because: "It depends on rescue" },
        { id: "rescue", because: "It depends on a failed" },
      ],
      skippedCount: 2,
    });
    assertEquals(skippedBy({}, findTask(state, "next")), { skipped: [], skippedCount: 0 });
  },
});

Deno.test({
  name: "skippedBy leaves out what another completion had skipped before",
  permissions: "none",
  fn() {
    const both: Dependency = { all: [onFailure, { task: "b", on: "failed" }] };
    const state = stateAfter(
      create(newTask("a"), newTask("b"), newTask("rescue", both)),
      ...work("x", "a"),
      ...work("x", "b"),
    );
    assertEquals(skippedBy({}, findTask(state, "a")).skipped.map(({ id }) => id), ["rescue"]);
    assertEquals(skippedBy({}, findTask(state, "b")).skippedCount, 0);
  },
});

Deno.test({
  name: "skippedBy shows the first created tasks, and counts the others",
  permissions: "none",
  fn() {
    for (const count of [MAX_SKIPPED - 1, MAX_SKIPPED, MAX_SKIPPED + 1]) {
      const ids = times(count, (index) => `t${index}`);
      const tasks = ids.map((id) => newTask(id, onFailure));
      const state = stateAfter(create(newTask("a"), ...tasks), ...work("x", "a"));
      const { skipped, skippedCount } = skippedBy({}, findTask(state, "a"));
      assertEquals(skipped.map(({ id }) => id), ids.slice(0, MAX_SKIPPED));
      assertEquals(skippedCount, count);
    }
  },
});
