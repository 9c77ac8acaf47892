/** Choosing many tasks in table and board, and doing something with all of them. */

import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "./support/scene.ts";
import { isGone, rowOf, seesText } from "./support/seen.ts";

/** Opens an action on the selected tasks, and carries it out. */
async function doWithAll(page: Page, name: string, fill: () => Promise<unknown> = () => Promise.resolve()) {
  await page.getByRole("toolbar").getByRole("button", { name: `${name}…`, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: new RegExp(`^${name} \\d+ task`) });
  await dialog.waitFor();
  await fill();
  await dialog.getByRole("button", { name: new RegExp(`^${name} \\d+ task`) }).click();
  const outcome = await dialog.getByRole("status").getByText(/^\d+ tasks? /).first().textContent();
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await isGone(dialog);
  return outcome;
}

browserTest("many tasks are reprioritised, assigned, moved, cancelled, retried and archived at once", async (scene) => {
  const place = await scene.shared();
  const { api } = place;
  await api.call("POST", "/groups", { group_id: "bulk-group" });
  await api.create("bulk-1", "bulk-2", "bulk-3", "bulk-4");
  // A plan without any task says so instead.
  await api.create("beside");
  await api.finish("bulk-4");
  const { page } = await scene.open(place, { at: "table?q=bulk-" });
  await rowOf(page, "bulk-4").waitFor();
  await page.getByLabel("Select all tasks shown").check();
  await seesText(page, "4 selected");
  await doWithAll(page, "Priority", () => page.getByRole("dialog").getByLabel("Priority").selectOption("urgent"));
  await doWithAll(page, "Assign", async () => {
    await page.getByLabel("Reserve for").selectOption("role");
    await page.getByRole("textbox", { name: "Role" }).fill("tester");
  });
  await doWithAll(page, "Move", () => page.getByRole("dialog").getByLabel("Group").fill("bulk-group"));
  for (const id of ["bulk-1", "bulk-2", "bulk-3"]) {
    const { priority, assignTo, group } = await api.task(id);
    assertEquals([priority, assignTo, group], ["urgent", { role: "tester" }, "bulk-group"]);
  }
  assertEquals((await api.task("bulk-4"))["priority"] ?? "normal", "normal");
  assertEquals(await doWithAll(page, "Cancel"), "3 tasks cancelled.");
  assertEquals(await doWithAll(page, "Retry"), "3 tasks retried.");
  assertEquals(await doWithAll(page, "Cancel"), "3 tasks cancelled.");
  assertEquals(await doWithAll(page, "Archive"), "4 tasks archived.");
  await seesText(page, "No task matches the filter");
});

browserTest("a range is chosen with Shift, cards with their boxes; running tasks are released", async (scene) => {
  const place = await scene.shared();
  const { api } = place;
  await api.create("range-1", "range-2", "range-3");
  for (const id of ["range-1", "range-2"]) await api.act(id, "claim", { instance_id: "ranger" });
  const { page } = await scene.open(place, { at: "table?q=range-&sort=id" });
  await rowOf(page, "range-1").getByRole("checkbox").check();
  await rowOf(page, "range-3").click({ modifiers: ["Shift"] });
  await seesText(page, "3 selected");
  assertEquals(await doWithAll(page, "Release"), "2 tasks released.");
  await page.getByRole("button", { name: "Clear selection" }).click();

  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Board" }).click();
  await page.getByRole("searchbox", { name: "Filter by text" }).fill("range-");
  await page.getByLabel("Select range-2").check();
  await page.getByLabel("Select range-3").check();
  assertEquals(await doWithAll(page, "Delete"), "2 tasks deleted.");
  await isGone(page.getByLabel("Select range-2"));
  await page.getByLabel("Select range-1").waitFor();
});
