/** Shows how tasks are cut to what a list shows: at what length, and that what is cut says so. */

import { assertEquals } from "@std/assert";
import type { TaskView } from "../../src/core/model/task.ts";
import { fit, presentCompact, presentTask } from "../../src/mcp/present.ts";
import { oldTask, times } from "../core/given.ts";

Deno.test({
  name: "a compact task shows 20 dependencies, and their number only where there are more",
  permissions: "none",
  fn() {
    for (const count of [0, 19, 20, 21, 40]) {
      const dependencies = times(count, (index) => `t${index}`);
      const task: TaskView = oldTask("a", { dependencies });
      const shown = presentCompact(task);
      assertEquals(shown["dependencies"], dependencies.slice(0, 20));
      assertEquals(shown["dependencyCount"], count > 20 ? count : undefined);
      assertEquals(presentTask(task)["dependencies"], dependencies);
    }
  },
});

Deno.test({
  name: "a page has as many entries as fit, from either end, and always one",
  permissions: "none",
  fn() {
    const entry = (id: number, characters: number) => ({ id, text: "x".repeat(characters - 18) });
    const size = JSON.stringify(entry(1, 1_000)).length;
    assertEquals(size, 1_000);
    const most = Math.floor(64 * 1024 / size);
    for (const [count, shown] of [[most - 1, most - 1], [most, most], [most + 1, most]] as const) {
      const entries = times(count, () => entry(1, 1_000));
      for (const keep of ["oldest", "newest"] as const) {
        const page = fit(entries, keep);
        assertEquals([page.shown.length, page.isCut], [shown, shown < count]);
      }
    }
    const long = entry(1, 70_000);
    const others = [entry(2, 1_000), entry(3, 70_000)];
    assertEquals(fit([long], "oldest"), { shown: [long], isCut: false });
    assertEquals(fit([long, ...others], "oldest"), { shown: [long], isCut: true });
    assertEquals(fit([long, ...others], "newest"), { shown: others.slice(-1), isCut: true });
  },
});
