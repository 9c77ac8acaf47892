/** Groups: made, changed, paused, deleted. Templates: filled in, previewed, applied, archived. */

import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest } from "./support/scene.ts";
import { isGone, pressAndConfirm, seesText } from "./support/seen.ts";

function groupOf(page: Page, id: string) {
  return page.getByRole("article").filter({ has: page.getByRole("heading", { name: id, exact: true }) });
}

browserTest("a group is made, changed, paused, resumed and deleted", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  const { page } = await open(place, { at: "groups" });
  await page.getByRole("button", { name: "New group" }).click();
  const form = page.getByRole("dialog", { name: "New group" });
  await form.getByLabel("Id").fill("made-here");
  await form.getByLabel("Title").fill("Made in a browser");
  await form.getByLabel("Most tasks").fill("2");
  await form.getByRole("button", { name: "Create" }).click();
  const group = groupOf(page, "made-here");
  await seesText(group, "Made in a browser");
  await group.getByRole("button", { name: "Change" }).click();
  const change = page.getByRole("dialog", { name: "Group made-here" });
  await change.getByLabel("Most tasks").fill("");
  await change.getByLabel("Preamble").fill("Be kind");
  await change.getByRole("button", { name: "Save" }).click();
  await isGone(change);
  const { maxParallel, preamble } = await api.call("GET", "/groups/made-here");
  assertEquals([maxParallel, preamble], [undefined, "Be kind"]);

  await group.getByRole("button", { name: "Pause" }).click();
  await seesText(group, "paused");
  await group.getByRole("button", { name: "Resume" }).click();
  await group.getByRole("button", { name: "Pause" }).waitFor();
  await pressAndConfirm(group, "Delete");
  await isGone(group);
});

browserTest(
  "a template is previewed with its parameters and applied, another is archived",
  async ({ shared, open }) => {
    const place = await shared();
    const { api } = place;
    await api.call("POST", "/templates", { name: "own", tasks: [{ id: "only", description: "Only this" }] });
    const { page } = await open(place, { at: "templates" });
    await page.getByRole("button", { name: /^bugfix/ }).click();
    const template = page.getByRole("region", { name: "Template bugfix" });
    await template.getByLabel("Group to make").fill("bug-7");
    await template.getByLabel("bug", { exact: false }).last().fill("The light stays on");
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("canvas.template-drawing");
      if (!canvas?.width) return false;
      // Reading the canvas itself again and again would be a warning in the console.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy?.drawImage(canvas, 0, 0);
      const pixels = copy?.getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels !== undefined && new Set(new Uint32Array(pixels.buffer)).size > 50;
    });
    const preview = template.getByRole("list", { name: "The tasks that it makes" });
    await preview.locator("summary", { hasText: "The light stays on" }).first().waitFor();
    await template.getByRole("button", { name: /^Create \d tasks/ }).click();
    await template.getByRole("link", { name: "Show bug-7" }).waitFor();
    const { total } = await api.call("GET", "/tasks?group=bug-7");
    assertEquals(total, 5);

    await page.getByRole("button", { name: /^own/ }).click();
    await page.getByRole("region", { name: "Template own" }).getByRole("button", { name: "Archive" }).click();
    await page.getByRole("button", { name: /own.*archived/ }).waitFor();
    await page.getByRole("region", { name: "Template own" }).getByRole("button", { name: "Restore" }).click();
    await isGone(page.getByRole("button", { name: /own.*archived/ }));
  },
);
