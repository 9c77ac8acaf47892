/** Shows that a search reads a bounded number of characters a page, and goes on where it stopped. */

import { assertEquals } from "@std/assert";
import { MAX_SEARCHED_CHARACTERS } from "../../../src/core/model/limits.ts";
import { searchTasks } from "../../../src/core/views/search.ts";
import { create, newTask, SEES_ALL, stateAfter, times } from "../given.ts";

/** Characters of a task's description. */
const LENGTH = 64 * 1024;

Deno.test({
  name: "a page of a search ends at its bound, even if nothing was found, and the next one goes on",
  permissions: "none",
  fn() {
    const perPage = MAX_SEARCHED_CHARACTERS / LENGTH;
    const tasks = times(2 * perPage, (index) => {
      const id = String(index).padStart(3, "0");
      const isWanted = index === 2 * perPage - 1;
      return { ...newTask(id), description: (isWanted ? "needle" : "").padStart(LENGTH - id.length, "x") };
    });
    const state = stateAfter(
      ...times(4, (index) => create(...tasks.slice(index * perPage / 2, (index + 1) * perPage / 2))),
    );
    const first = searchTasks(state, { filter: {}, limit: 10, text: "needle" }, SEES_ALL);
    assertEquals(first, { tasks: [], cursors: [], next: String(perPage) });
    const second = searchTasks(state, { filter: {}, limit: 10, text: "needle", cursor: String(perPage) }, SEES_ALL);
    assertEquals(second.tasks.map(({ id }) => id), [tasks.at(-1)?.id]);
    assertEquals(second.next, undefined);
    assertEquals(searchTasks(state, { filter: {}, limit: 1, text: "x" }, SEES_ALL).next, "1");
  },
});
