/** What can be done with one task beside the view, and that the server's refusals are shown there. */

import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { until } from "../../support/until.ts";
import { browserTest } from "./support/scene.ts";
import { isGone, panelOf, pressAndConfirm, seesText } from "./support/seen.ts";

const CONFLICT = /Failed to load resource: the server responded with a status of (409|422)/;

/** What the panel may ask for while its task leaves the plan. */
const GONE = /Failed to load resource: the server responded with a status of 404/;

/** Opens an action of the task beside the view; it asks in a dialog. */
async function choose(page: Page, id: string, name: string) {
  await panelOf(page, id).getByRole("button", { name: `${name}…`, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: `${name} 1 task` });
  await dialog.waitFor();
  return {
    dialog,
    async submit() {
      await dialog.getByRole("button", { name: `${name} 1 task` }).click();
      await dialog.getByRole("status").getByText(/^1 task/).waitFor();
      await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
      await isGone(dialog);
    },
  };
}

browserTest("a task is created with its dependencies, and edited", async ({ shared, open }) => {
  const { api, ...place } = await shared();
  await api.create("make-first");
  const { page } = await open({ api, ...place }, { at: "table?q=make-" });
  await page.getByRole("button", { name: "New task" }).click();
  const form = page.getByRole("dialog", { name: "New task" });
  await form.getByLabel("Id", { exact: true }).fill("make-second");
  await form.getByLabel("Description").fill("Make the *second* one\nwith care");
  await form.getByLabel("Dependencies").fill("make-first");
  await form.getByLabel("Dependencies").press("Enter");
  await form.getByLabel("Priority").selectOption("high");
  await form.getByRole("button", { name: "Create" }).click();
  const panel = panelOf(page, "make-second");
  await panel.locator("em", { hasText: "second" }).waitFor();
  await panel.getByRole("link", { name: /make-first/ }).first().waitFor();
  const { dependencies, priority, description } = await api.task("make-second");
  assertEquals([dependencies, priority], [["make-first"], "high"]);
  assertEquals(description, "Make the *second* one\nwith care");

  await panel.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit make-second" });
  await edit.getByLabel("Description").fill("Made otherwise");
  await edit.getByRole("button", { name: "Save" }).click();
  await isGone(edit);
  await seesText(panel, "Made otherwise");
  assertEquals((await api.task("make-second"))["priority"], "high");
});

browserTest("what the server refuses is told in the form, and nothing typed is lost", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("taken");
  const { page } = await open(place, { expected: [CONFLICT] });
  await page.getByRole("button", { name: "New task" }).click();
  const form = page.getByRole("dialog", { name: "New task" });
  await form.getByLabel("Id", { exact: true }).fill("taken");
  await form.getByLabel("Description").fill("Twice");
  await form.getByRole("button", { name: "Create" }).click();
  await form.getByRole("alert").getByText(/already exists/i).waitFor();
  assertEquals(await form.getByLabel("Description").inputValue(), "Twice");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Discard it" }).click();
  await isGone(form);
});

browserTest("a running task gets a note, is released, cancelled and retried", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("run");
  await api.act("run", "claim", { instance_id: "rita" });
  const { page } = await open(place, { at: "table?task=run" });
  const panel = panelOf(page, "run");
  await seesText(panel, "rita");
  await panel.getByLabel("A note").fill("Mind the **gap**");
  await panel.getByRole("button", { name: "Add note" }).click();
  await panel.locator(".note strong", { hasText: "gap" }).waitFor();
  assertEquals(await panel.getByLabel("A note").inputValue(), "");

  const release = await choose(page, "run", "Release");
  await release.dialog.getByLabel("Reason").fill("needed elsewhere");
  await release.submit();
  assertEquals((await api.task("run"))["status"], "pending");
  await (await choose(page, "run", "Cancel")).submit();
  await panel.locator(".status", { hasText: "Cancelled" }).first().waitFor();
  await panel.getByRole("button", { name: "Retry" }).click();
  await panel.locator(".status", { hasText: "Ready" }).first().waitFor();
  assertEquals((await api.task("run"))["status"], "pending");
});

browserTest("a task is given another priority, holder and group", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.call("POST", "/groups", { group_id: "moves-here" });
  await api.create("change");
  const { page } = await open(place, { at: "board?q=change&task=change" });
  const priority = await choose(page, "change", "Priority");
  await priority.dialog.getByLabel("Priority").selectOption("urgent");
  await priority.submit();
  const assign = await choose(page, "change", "Assign");
  await assign.dialog.getByRole("combobox", { name: "Instance", exact: true }).fill("rita");
  await assign.submit();
  const move = await choose(page, "change", "Move");
  await move.dialog.getByLabel("Group").fill("moves-here");
  await move.submit();
  const task = await api.task("change");
  assertEquals([task["priority"], task["assignTo"], task["group"]], ["urgent", { instance: "rita" }, "moves-here"]);
  await seesText(panelOf(page, "change"), "moves-here");
});

browserTest("a completed task shows what came of it, and is reopened or archived", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("over", { id: "after-over", dependencies: ["over"] });
  await api.finish("over", "# Findings\n\nAll `good`");
  const { page } = await open(place, { at: "table?task=over", expected: [GONE] });
  const panel = panelOf(page, "over");
  await panel.getByRole("heading", { name: "Findings" }).waitFor();
  await panel.getByText("History").click();
  await panel.locator(".history").getByText("completed").waitFor();
  await pressAndConfirm(panel, "Reopen");
  await panel.locator(".status", { hasText: "Ready" }).first().waitFor();
  // The task that depended on it was ready, too, and is shown in the panel.
  await until("the task is reopened", async () => (await api.task("over"))["status"] !== "completed");
  await api.finish("over");
  await api.finish("after-over");

  await panel.getByRole("link", { name: /after-over/ }).first().click();
  await panelOf(page, "after-over").locator(".status", { hasText: "Completed" }).first().waitFor();
  await (await choose(page, "after-over", "Archive")).submit();
  await isGone(panelOf(page, "after-over"));
  assertEquals((await api.call<{ tasks: unknown[] }>("GET", "/tasks?text=after-over")).tasks, []);
});

browserTest("a task that others need is not deleted, one alone is", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("base", { id: "on-base", dependencies: ["base"] });
  const { page } = await open(place, { at: "table?q=base&task=base", expected: [GONE] });
  const refused = await choose(page, "base", "Delete");
  await refused.dialog.getByRole("button", { name: "Delete 1 task" }).click();
  await refused.dialog.getByText(/1 refused/).waitFor();
  await refused.dialog.locator(".refusals .refused").waitFor();
  await refused.dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await panelOf(page, "base").waitFor();
  await page.getByRole("row", { name: /on-base/ }).click();
  await panelOf(page, "on-base").waitFor();
  await (await choose(page, "on-base", "Delete")).submit();
  await isGone(panelOf(page, "on-base"));
  await until("on-base leaves the table", async () => await page.getByRole("row", { name: /on-base/ }).count() === 0);
});
