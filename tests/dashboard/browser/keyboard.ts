/** Everything works without a mouse, and one sees where the focus is. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "./support/scene.ts";
import { isGone, panelOf, rowOf } from "./support/seen.ts";
import { PHONE } from "./support/user.ts";

/** The most elements on the way to one. */
const MOST_TABS = 60;

/** Presses Tab until the focus is on something of that name; asserts that the focus is seen on the whole way. */
async function tabTo(page: Page, name: string): Promise<void> {
  const way: string[] = [];
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    await page.keyboard.press("Tab");
    const focus = await focused(page);
    way.push(focus.name);
    assert(focus.isSeen, `the focus on ${focus.name} cannot be seen`);
    if (focus.name === name) return;
  }
  throw new Error(`Tab does not lead to ${name}: ${way.join(", ")}`);
}

function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return { name: "nothing", isSeen: false };
    const name = element.getAttribute("aria-label") ?? element.textContent?.trim() ?? element.tagName;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const { width, height, right, bottom } = element.getBoundingClientRect();
    const isMarked = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    return {
      name,
      isSeen: element === document.body || (isMarked && width > 0 && height > 0 && right > 0 && bottom > 0),
    };
  });
}

browserTest("a task is found, opened, cancelled and closed by keyboard", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("keys-target");
  const { page } = await open(place, { at: "board" });
  await page.getByText("Live", { exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("keys-tar");
  await page.getByRole("option", { name: /keys-target/ }).waitFor();
  await page.keyboard.press("Enter");
  const panel = panelOf(page, "keys-target");
  await panel.getByRole("button", { name: "Cancel…" }).waitFor();
  await tabTo(page, "Cancel…");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Cancel 1 task" });
  await dialog.getByRole("button", { name: "Cancel 1 task" }).waitFor();
  await tabTo(page, "Cancel 1 task");
  await page.keyboard.press("Enter");
  await dialog.getByText("1 task cancelled.").waitFor();
  await page.keyboard.press("Escape");
  await isGone(dialog);
  assertEquals((await place.api.task("keys-target"))["status"], "cancelled");
  await page.keyboard.press("Escape");
  await isGone(panel);
});

browserTest("views, table and selection are reached by keys; a dialog keeps the focus", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("walk-1", "walk-2", "walk-3");
  const { page } = await open(place, { at: "board" });
  await page.getByText("Live", { exact: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.getByRole("grid", { name: "Tasks" }).waitFor();
  await page.getByRole("searchbox", { name: "Filter by text" }).focus();
  await page.keyboard.type("walk-");
  await rowOf(page, "walk-3").waitFor();
  await page.getByText(/^3 of/).waitFor();
  await page.getByRole("grid", { name: "Tasks" }).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await page.getByText("2 selected").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: /^Task walk-/ }).waitFor();
  await page.keyboard.press("Escape");

  await page.keyboard.press("n");
  const form = page.getByRole("dialog", { name: "New task" });
  await form.waitFor();
  for (let tabs = 0; tabs < 30; tabs++) {
    await page.keyboard.press("Tab");
    const isInside = await form.evaluate((dialog) =>
      dialog.contains(document.activeElement) || document.activeElement === document.body
    );
    assert(isInside, "the focus leaves the dialog");
  }
  await page.keyboard.press("Escape");
  await isGone(form);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
});

browserTest("menus close with Escape, and when one turns to something else", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("menu-1");
  const { page } = await open(place, { at: "table?q=menu-", viewport: PHONE });
  const views = page.getByRole("button", { name: "Views" });
  const navigation = page.getByRole("navigation", { name: "Views" });
  const settings = page.getByLabel("Settings");
  const colours = page.getByLabel("Colours");
  await views.press("Enter");
  await navigation.getByRole("link", { name: "Board" }).focus();
  await page.keyboard.press("Escape");
  await isGone(navigation);
  assertEquals((await focused(page)).name, "☰Views");
  await settings.click();
  await colours.waitFor();
  await page.keyboard.press("Escape");
  await isGone(colours);
  await settings.click();
  await colours.waitFor();
  await views.click();
  await isGone(colours);
  await navigation.waitFor();
  await page.getByRole("main").click({ position: { x: 300, y: 500 } });
  await isGone(navigation);
});

browserTest("a form asks each time before what is typed is lost; a note waits where it was typed", async (scene) => {
  const place = await scene.shared();
  await place.api.create("typed-1", "typed-2");
  const { page } = await scene.open(place, { at: "table?q=typed-&task=typed-1" });
  const note = page.getByLabel("A note");
  await note.fill("half a note");
  await page.goto(page.url().replace("task=typed-1", "task=typed-2"));
  await panelOf(page, "typed-2").getByLabel("A note").waitFor();
  assertEquals(await note.inputValue(), "");
  await page.goBack();
  await panelOf(page, "typed-1").getByLabel("A note").waitFor();
  assertEquals(await note.inputValue(), "half a note");
  await note.press("Control+Enter");
  await panelOf(page, "typed-1").locator(".note", { hasText: "half a note" }).waitFor();
  await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>(".note-form textarea")?.value === "");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await isGone(panelOf(page, "typed-1"));

  await page.keyboard.press("n");
  const form = page.getByRole("dialog", { name: "New task" });
  const question = page.getByRole("dialog", { name: "Are you sure?" });
  await form.getByLabel("Id", { exact: true }).fill("typed-3");
  await form.getByLabel("Id", { exact: true }).evaluate((input) =>
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", isComposing: true, bubbles: true }))
  );
  assertEquals(await question.count(), 0, "Escape ended the input by an IME");
  // Browsers close a dialog at the second Escape, whatever it says.
  for (let times = 0; times < 4; times++) {
    await page.keyboard.press("Escape");
    await question.waitFor();
    await page.keyboard.press("Escape");
    await isGone(question);
    assert(await form.isVisible(), "the form is gone");
  }
  assertEquals(await form.getByLabel("Id", { exact: true }).inputValue(), "typed-3");
  await form.getByLabel("Description").fill("Made by keyboard");
  await page.keyboard.press("Control+Enter");
  await panelOf(page, "typed-3").waitFor();
});
