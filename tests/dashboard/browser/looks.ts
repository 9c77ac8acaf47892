/** Every view with 200 tasks, light and dark, wide and on a phone: axe-core finds nothing grave, and something is drawn. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { type Place, startPlace } from "./support/place.ts";
import { chromium } from "./support/chromium.ts";
import { browserTest, type Scene } from "./support/scene.ts";
import { PHONE } from "./support/user.ts";

const TASKS = 200;

/** Fewer colours than any view with text has: text alone, with its soft edges, has more. */
const FEWEST_COLOURS = 20;

const COLOURS = ["light", "dark"] as const;

const { default: axe } = await import("axe-core");

/** Tasks in groups and chains, in every status. */
async function fill({ api }: Place): Promise<void> {
  for (const group of ["auth", "billing", "search"]) await api.call("POST", "/groups", { group_id: group });
  const groups = ["auth", "billing", "search", undefined];
  const ids = Array.from({ length: TASKS }, (_, index) => `task-${index}`);
  await api.create(...ids.map((id, index) => ({
    id,
    description: `Part ${index} of *the* work\n\nSee [the plan](https://example.org), and \`code\`.`,
    ...(groups[index % 4] !== undefined && { group: groups[index % 4] }),
    ...(index >= 20 && { dependencies: [`task-${index - 20 + index % 3}`] }),
    ...(index % 7 === 0 && { priority: "high" }),
    ...(index % 9 === 0 && { deadline: "2030-01-01T00:00:00Z" }),
  })));
  for (const id of ids.slice(0, 12)) await api.finish(id, "It *works*");
  await api.fail("task-12", "It broke");
  await api.act("task-13", "cancel");
  await api.act("task-14", "claim", { instance_id: "bob" });
  await api.act("task-14", "progress", { instance_id: "bob", percent: 40, message: "half way" });
  await api.act("task-15", "notes", { text: "Mind the gap" });
}

let full: Promise<Place> | undefined;

/** The service with these tasks, for all tests of this module. */
function fullPlace(): Promise<Place> {
  return full ??= (async () => {
    const place = await startPlace({ needsToken: true });
    await fill(place);
    return place;
  })();
}

Deno.test.afterAll(async () => {
  await (await full)?.[Symbol.asyncDispose]();
});

/** The names of the views in addresses. */
async function viewsOf(page: Page): Promise<readonly string[]> {
  await page.locator("#views").waitFor({ state: "attached" });
  return await page.locator("#views a").evaluateAll((links) =>
    links.map((link) => link.getAttribute("href")?.replace("#/", "").split("?")[0] ?? "")
  );
}

async function settles(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.querySelector("#main > *") !== null && !document.querySelector(".loading, .panel .loading")
  );
}

/** What axe-core finds of serious or critical faults. */
async function graveFaults(page: Page): Promise<readonly string[]> {
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] })
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => html + failureSummary)}`);
}

/**
 * How many colours a picture of the page has.
 *
 * @param blank counts them: a page of another window, as a page that is covered by another is drawn once a second
 */
async function coloursOf(page: Page, blank: Page): Promise<number> {
  const picture = await page.screenshot({ animations: "disabled" });
  return await blank.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("There is no canvas");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }, picture.toBase64());
}

/** Looks at every view, with a task beside it. Returns the grave faults. */
async function sweep({ open }: Scene, colours: typeof COLOURS[number]): Promise<readonly string[]> {
  const user = await open(await fullPlace(), { at: "table?task=task-14", colours });
  const { page } = user;
  await using blank = await (await chromium()).newPage();
  await page.evaluate(axe.source);
  const faults: string[] = [];
  for (const view of await viewsOf(page)) {
    await user.goTo(`${view}?task=task-14`);
    await settles(page);
    faults.push(...(await graveFaults(page)).map((fault) => `${view} ${colours}: ${fault}`));
    const seen = await coloursOf(page, blank);
    assert(seen >= FEWEST_COLOURS, `${view} has ${seen} colours`);
  }
  return faults;
}

browserTest("no view has a grave fault for readers, light or dark, and each draws something", async (scene) => {
  const faults = await Promise.all(COLOURS.map((colours) => sweep(scene, colours)));
  assertEquals(faults.flat(), []);
});

browserTest("dialogs have no grave fault for readers", async ({ open }) => {
  const place = await fullPlace();
  const user = await open(place, { at: "table?task=task-14" });
  const { page } = user;
  await page.evaluate(axe.source);
  const dialogs = [
    ["table?task=task-14", () => page.getByRole("button", { name: "New task" }).click()],
    ["table?task=task-14", () => page.getByRole("complementary").getByRole("button", { name: "Edit" }).click()],
    ["table?task=task-14", () => page.getByRole("complementary").getByRole("button", { name: "Release…" }).click()],
    ["groups", () => page.getByRole("button", { name: "New group" }).click()],
    ["webhooks", () => page.getByRole("button", { name: "New webhook" }).click()],
    ["tokens", () => page.getByRole("button", { name: "New token" }).click()],
    ["events", () => page.keyboard.press("?")],
  ] as const;
  const faults: string[] = [];
  for (const [at, show] of dialogs) {
    await user.goTo(at);
    await settles(page);
    await show();
    await page.getByRole("dialog").waitFor();
    for (const colorScheme of COLOURS) {
      await page.emulateMedia({ colorScheme });
      faults.push(...(await graveFaults(page)).map((fault) => `${at} ${colorScheme}: ${fault}`));
    }
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  }
  assertEquals(faults, []);
});

browserTest("on a phone every view fits, its menu leads everywhere, and the task covers it", async ({ open }) => {
  const place = await fullPlace();
  const user = await open(place, { at: "board", viewport: PHONE, colours: "dark" });
  const { page } = user;
  await using blank = await (await chromium()).newPage();
  const wide: string[] = [];
  for (const view of await viewsOf(page)) {
    await page.getByRole("button", { name: "Views" }).click();
    await page.locator(`#views a[href^="#/${view}"]`).click();
    await settles(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) wide.push(`${view}: ${overflow} px`);
    const colours = await coloursOf(page, blank);
    assert(colours >= FEWEST_COLOURS, `${view} has ${colours} colours`);
  }
  assertEquals(wide, []);
  await user.goTo("board?task=task-14");
  const panel = page.getByRole("complementary", { name: "Task task-14" });
  await panel.getByText("half way").waitFor();
  await panel.getByRole("button", { name: "Close the task" }).click();
  await panel.waitFor({ state: "hidden" });
});

browserTest("without tasks, the first page says what to do first", async ({ start, open }) => {
  const place = await start();
  const user = await open(place, { at: "plan" });
  const { page } = user;
  await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
  await page.getByText(place.service.url("/mcp").href).first().waitFor();
  await page.evaluate(axe.source);
  assertEquals(await graveFaults(page), []);
  await page.keyboard.press("n");
  await page.getByRole("dialog", { name: "New task" }).getByLabel("Id", { exact: true }).fill("first");
  await page.getByRole("dialog", { name: "New task" }).getByLabel("Description").fill("The first one");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("complementary", { name: "Task first" }).waitFor();
});
