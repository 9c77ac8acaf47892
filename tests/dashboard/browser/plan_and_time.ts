/** The graph, the timeline, and time travel: by mouse and keyboard, and unmoved by what happens meanwhile. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { until } from "../../support/until.ts";
import type { Place } from "./support/place.ts";
import { browserTest } from "./support/scene.ts";
import { isGone, panelOf, rowOf, seesText } from "./support/seen.ts";
import { PHONE, WIDE } from "./support/user.ts";

/** A chain of three tasks in a group, and one alone. */
async function fill({ api }: Place): Promise<void> {
  await api.call("POST", "/groups", { group_id: "chain" });
  await api.create(
    { id: "chain-1", group: "chain" },
    { id: "chain-2", group: "chain", dependencies: ["chain-1"] },
    { id: "chain-3", group: "chain", dependencies: ["chain-2"] },
    "alone",
  );
}

/** Where the tasks in view are drawn, on the canvas, in CSS pixels. */
async function placesOf(page: Page): Promise<Readonly<Record<string, string>>> {
  const list = page.getByRole("list", { name: "Tasks in view" });
  return await list.getByRole("link").evaluateAll((links) =>
    Object.fromEntries(links.map((link) => [link.textContent, link.getAttribute("data-place") ?? ""]))
  );
}

browserTest("the graph leads along dependencies, and stays where it is when a status changes", async (scene) => {
  const place = await scene.start();
  await fill(place);
  const user = await scene.open(place, { at: "plan" });
  const { page } = user;
  await page.getByRole("list", { name: "Tasks in view" }).getByRole("link").nth(3).waitFor({ state: "attached" });
  await until("the camera is in the address", () => page.url().includes("camera="));
  const first = page.url();
  const before = await placesOf(page);
  const canvas = page.getByRole("img", { name: /^The plan as a graph/ });
  const [x, y] = (before["chain-2"] ?? "").split(" ").map(Number);
  assert(x !== undefined && y !== undefined);
  await canvas.click({ position: { x, y } });
  await panelOf(page, "chain-2").waitFor();
  await page.keyboard.press("ArrowRight");
  await panelOf(page, "chain-3").waitFor();
  await page.keyboard.press("ArrowLeft");
  await panelOf(page, "chain-2").waitFor();
  await page.keyboard.press("Escape");
  await isGone(panelOf(page, "chain-2"));
  await page.getByRole("button", { name: "Fit", exact: true }).click();
  await until("the whole graph is in view, as at first", async () => {
    return page.url() === first && JSON.stringify(await placesOf(page)) === JSON.stringify(before);
  });
  const still = [await placesOf(page), page.url()];
  await place.api.finish("chain-1");
  await page.getByRole("listitem").filter({ hasText: "Completed" }).waitFor();
  assertEquals([await placesOf(page), page.url()], still);

  const completed = page.getByRole("group", { name: "Legend" }).getByRole("button", { name: /^Completed/ });
  await completed.click();
  await page.getByRole("button", { name: /^Completed/, pressed: true }).waitFor();
  assertEquals(page.url(), `${still[1]}&status=completed`);
  await completed.click();
  assertEquals([await placesOf(page), page.url()], still);

  await page.getByRole("button", { name: "Zoom in" }).click();
  await until("the camera is in the address", () => page.url() !== still[1]);
  await page.getByRole("button", { name: "Fold groups" }).click();
  await page.getByRole("button", { name: "Unfold groups" }).click();
  await page.getByRole("link", { name: "As a table" }).click();
  await rowOf(page, "chain-3").waitFor();
});

browserTest("what is folded stays under the cursor, and a new task moves nothing that is looked at", async (scene) => {
  const place = await scene.start();
  await fill(place);
  const { page } = await scene.open(place, { at: "plan" });
  await page.getByRole("list", { name: "Tasks in view" }).getByRole("link").nth(3).waitFor({ state: "attached" });
  const canvas = page.getByRole("img", { name: /^The plan as a graph/ });
  const [x, y] = ((await placesOf(page))["chain-1"] ?? "").split(" ").map(Number);
  assert(x !== undefined && y !== undefined);
  // The ground of a box is none of its buttons.
  await canvas.click({ position: { x, y: y + 45 } });
  const head = { x, y: y - 50 };
  await canvas.click({ position: head });
  await page.getByRole("button", { name: "Unfold groups" }).waitFor();
  await until("the tasks are folded", async () => Object.keys(await placesOf(page)).join() === "alone");
  await canvas.click({ position: head });
  await page.getByRole("button", { name: "Fold groups" }).waitFor();
  await until("the tasks are back", async () => "chain-1" in await placesOf(page));

  await page.goto(`${page.url().replace(/#.*/, "")}#/plan?task=chain-2`);
  await panelOf(page, "chain-2").waitFor();
  await canvas.hover({ position: { x: 300, y: 300 } });
  await page.mouse.down();
  await page.mouse.move(300, 3_000, { steps: 3 });
  await page.mouse.up();
  await until("the selected task is out of view", async () => !("chain-2" in await placesOf(page)));
  await until("the camera is in the address", () => page.url().includes("camera="));
  const away = page.url();
  await place.api.create("another");
  await page.getByRole("button", { name: /^Ready 3/ }).waitFor();
  await place.api.finish("another");
  await page.getByRole("button", { name: /^Completed 1/ }).waitFor();
  assertEquals(page.url(), away);
});

/** The camera in the address; of numbers that are none, before there is one. */
function cameraOf(page: Page): { readonly x: number; readonly y: number; readonly zoom: number } {
  const [x, y, zoom] = /camera=([^&]*)/.exec(decodeURIComponent(page.url()))?.[1]?.split(",") ?? [];
  return { x: Number(x), y: Number(y), zoom: Number(zoom) };
}

/** Resolves once the camera in the address is there; the address rounds it. */
function looksAt(page: Page, { x, y, zoom }: Partial<ReturnType<typeof cameraOf>>): Promise<void> {
  return until(`the camera is at ${x} ${y} ${zoom}`, () => {
    const camera = cameraOf(page);
    return Math.abs(camera.x - (x ?? camera.x)) <= 2 && Math.abs(camera.y - (y ?? camera.y)) <= 2 &&
      Math.abs(camera.zoom - (zoom ?? camera.zoom)) <= 0.002;
  });
}

browserTest(
  "wheel, touchpad and double click move the camera, which another window or view does not",
  async (scene) => {
    const place = await scene.start();
    await place.api.create("camera-1");
    const { page } = await scene.open(place, { at: "plan?camera=-1120,-700,0.5" });
    const canvas = page.getByRole("img", { name: /^The plan as a graph/ });
    await canvas.hover({ position: { x: 400, y: 300 } });
    // The point of the plan under the cursor stays there.
    const around = (zoom: number) => ({ x: -320 - 400 / zoom, y: -100 - 300 / zoom, zoom });
    await canvas.dblclick({ position: { x: 400, y: 300 } });
    await looksAt(page, around(1));
    await page.mouse.wheel(0, 100);
    await looksAt(page, around(Math.exp(-0.16)));
    await page.mouse.wheel(0, -100);
    await looksAt(page, around(1));
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -10);
    await page.keyboard.up("Control");
    await until("a pinch zooms faster than the wheel", () => cameraOf(page).zoom > 1.05);
    await page.mouse.wheel(0, 60);
    await looksAt(page, around(1));
    await page.mouse.wheel(120, 1);
    const moved = { ...around(1), x: around(1).x + 120 };
    await looksAt(page, moved);

    const views = page.getByRole("navigation", { name: "Views" });
    await views.getByRole("link", { name: "Board" }).click();
    await page.getByRole("region").first().waitFor();
    await views.getByRole("link", { name: "Plan" }).click();
    await looksAt(page, moved);
    await page.setViewportSize({ ...WIDE, width: WIDE.width - 300 });
    await looksAt(page, { x: moved.x + 150, zoom: 1 });

    // A camera that shows no task is not put back.
    await views.getByRole("link", { name: "Board" }).click();
    await page.getByRole("region").first().waitFor();
    await page.evaluate(() => location.hash = "#/plan?camera=100000,100000,1");
    await page.getByRole("list", { name: "Tasks in view" }).getByRole("link").waitFor({ state: "attached" });
  },
);

browserTest("a long plan begins with cards that can be read, at its beginning or where work is done", async (scene) => {
  const place = await scene.start();
  const ids = Array.from({ length: 14 }, (_, index) => `step-${index}`);
  await place.api.create(...ids.map((id, index) => ({ id, dependencies: ids.slice(Math.max(0, index - 1), index) })));
  const isInView = (page: Page, id: string) =>
    page.getByRole("list", { name: "Tasks in view" }).getByRole("link", { name: id, exact: true })
      .waitFor({ state: "attached" });
  for (const viewport of [WIDE, PHONE]) {
    const { page } = await scene.open(place, { at: "plan", viewport });
    await isInView(page, "step-0");
    await until("the camera is in the address", () => page.url().includes("camera="));
    assert(cameraOf(page).zoom >= 0.5, `zoom ${cameraOf(page).zoom}`);
    assertEquals(await page.getByRole("button", { name: "Fold groups" }).count(), 0);
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await isInView(page, "step-13");
    await until("all is in view", () => cameraOf(page).zoom < 0.42);
    await page.getByRole("button", { name: "Active", exact: true }).click();
    await until("the cards can be read again", () => cameraOf(page).zoom >= 0.5);
    await isInView(page, "step-0");
  }
  for (const id of ids.slice(0, 6)) await place.api.finish(id);
  await place.api.act("step-6", "claim", { instance_id: "ann" });
  const { page } = await scene.open(place, { at: "plan", viewport: PHONE });
  await isInView(page, "step-6");
  assertEquals((await placesOf(page))["step-0"], undefined);
  await page.keyboard.press("Home");
  await isInView(page, "step-0");
  await page.keyboard.press("a");
  await isInView(page, "step-6");
});

browserTest("the past is shown on table, board and graph, and cannot be changed", async ({ start, open }) => {
  const place = await start();
  await fill(place);
  await place.api.finish("chain-1");
  const { page } = await open(place, { at: "table" });
  await rowOf(page, "chain-1").getByText("Completed").waitFor();
  for (const record of [3, 2]) {
    await page.getByRole("button", { name: "One record back" }).click();
    await seesText(page, `record ${record} of 4`);
  }
  await rowOf(page, "chain-1").getByText("Ready").waitFor();
  await seesText(page, /read only/);
  await isGone(page.getByRole("button", { name: "New task" }));
  await rowOf(page, "chain-1").click();
  await panelOf(page, "chain-1").locator(".status", { hasText: "Ready" }).first().waitFor();
  assertEquals(await panelOf(page, "chain-1").getByRole("button", { name: "Cancel…" }).count(), 0);
  await page.reload();
  await rowOf(page, "chain-1").getByText("Ready").waitFor();
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Board" }).click();
  await page.getByRole("region", { name: "Ready" }).getByLabel("Select chain-1").waitFor();
  await page.getByRole("button", { name: "Now", exact: true }).click();
  await page.getByRole("button", { name: "New task" }).waitFor();
  await isGone(page.getByRole("region", { name: "Ready" }).getByLabel("Select chain-1"));
});

browserTest("the slider takes its own keys, and a moment that there is not is told, not awaited", async (scene) => {
  const place = await scene.start();
  await fill(place);
  await place.api.finish("chain-1");
  const { page } = await scene.open(place, { at: "plan?at=2&task=chain-2", expected: [/404/] });
  await panelOf(page, "chain-2").locator(".status", { hasText: "Waiting" }).first().waitFor();
  await page.getByRole("slider", { name: "Moment" }).focus();
  await page.keyboard.press("ArrowRight");
  await seesText(page, "record 3 of 4");
  await panelOf(page, "chain-2").waitFor();
  await page.getByRole("slider", { name: "Moment" }).press("End");
  await seesText(page, "Now · record 4");
  await page.goto(`${place.service.url("/").href}#/board?at=99`);
  await page.reload();
  await seesText(page.getByRole("main"), /no record 99/);
  await page.getByRole("button", { name: "Now", exact: true }).click();
  await page.getByLabel("Select chain-2").waitFor({ state: "attached" });
});

browserTest(
  "keys that come faster than the page is drawn all count as steps in time",
  async (scene) => {
    const place = await scene.start();
    await fill(place);
    for (let index = 0; index < 6; index++) await place.api.create(`later-${index}`);
    const { page } = await scene.open(place, { at: "table" });
    await seesText(page, "Now · record 8");
    const press = (keys: string) =>
      page.evaluate((keys) => {
        for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      }, keys);
    await press(",,,,,");
    await seesText(page, "record 3 of 8");
    assertEquals(new URL(page.url()).hash, "#/table?at=3");
    await press("..,.");
    await seesText(page, "record 5 of 8");
    await isGone(rowOf(page, "later-3"));
    await rowOf(page, "later-2").waitFor();
    // All of that is one step for the back button.
    await page.goBack();
    await seesText(page, "Now · record 8");
  },
);
