/** Inside the timeline: the mouse over bars, keys from attempt to attempt, filters, and idle time. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { until } from "../../support/until.ts";
import { browserTest } from "./support/scene.ts";
import { isGone, panelOf, seesText } from "./support/seen.ts";

const MINUTE = 60_000, HOUR = 60 * MINUTE;

/** Two hours of work, then a night, then half an hour. One task failed once before it was completed. */
function attempts() {
  const now = Date.now();
  const task = (id: string, assignedTo: string, startedAt: number, ms: number) => ({
    ...{ id, description: `Do ${id}`, status: "completed", dependencies: [], result: "done", assignedTo, attempt: 1 },
    ...{ createdAt: startedAt - MINUTE, startedAt, finishedAt: startedAt + ms },
  });
  const retried = { attempt: 1, instance: "bob", startedAt: now - 12 * HOUR, endedAt: now - 11.5 * HOUR };
  return [
    { ...task("first", "ann", now - 12 * HOUR, HOUR), group: "g" },
    {
      ...{ ...task("retried", "bob", now - 11 * HOUR, HOUR), attempt: 2 },
      pastAttempts: [{ ...retried, outcome: "failed", message: "exit 1" }],
    },
    task("late", "ann", now - HOUR, 0.5 * HOUR),
  ];
}

const CHART = { name: /^Timeline\./ };

/** What the tooltip says at so many points along the first row, from left to right; "" where no bar is. */
async function barsAlong(page: Page, points: number): Promise<readonly string[]> {
  const { x, y, width } = await page.getByRole("application", CHART).boundingBox() ?? { x: 0, y: 0, width: 0 };
  const found: string[] = [];
  for (let point = 0; point < points; point++) {
    await page.mouse.move(x + LABELS + (width - LABELS) * (point + 0.5) / points, y + FIRST_BAR);
    found.push((await page.locator(".tooltip strong").allTextContents()).join());
  }
  return found;
}

/** The room for the names of rows, and the middle of the bars of the first row, in CSS pixels. */
const LABELS = 150;
const FIRST_BAR = 38;

browserTest("in the timeline, bars tell of attempts by mouse and keys, filters and idle time work", async (scene) => {
  const place = await scene.start({ tasks: attempts() });
  const { page } = await scene.open(place, { at: "timeline" });
  await seesText(page, "4 attempts");
  const chart = page.getByRole("application", CHART);
  await chart.waitFor();

  // The night takes hardly any room.
  const short = await barsAlong(page, 20);
  assertEquals(new Set(short.filter((id) => id !== "")), new Set(["first", "late"]));
  const shareOf = (ids: readonly string[]) => ids.filter((id) => id !== "").length / ids.length;
  await page.getByLabel("True time").check();
  await until("the address has it", () => page.url().includes("idle=true"));
  await page.getByRole("button", { name: "Fit", exact: true }).click();
  const long = await barsAlong(page, 20);
  assert(shareOf(long) < 0.5 * shareOf(short), `${short} / ${long}`);
  await page.getByLabel("True time").uncheck();
  await page.getByRole("button", { name: "Fit", exact: true }).click();

  const { x, y, width } = await chart.boundingBox() ?? { x: 0, y: 0, width: 0 };
  const at = (short.indexOf("late") + 0.5) / short.length;
  await page.mouse.click(x + LABELS + (width - LABELS) * at, y + FIRST_BAR);
  await panelOf(page, "late").waitFor();
  await page.keyboard.press("Escape");
  await isGone(panelOf(page, "late"));

  await chart.focus();
  await page.keyboard.press("k");
  await seesText(page, "retried, attempt 2 by bob: completed, 1 h");
  await page.keyboard.press("k");
  await seesText(page, "retried, attempt 1 by bob: failed, 30 min");
  await page.keyboard.press("Enter");
  await panelOf(page, "retried").waitFor();
  await page.keyboard.press("Escape");

  await page.getByLabel("Attempt", { exact: true }).selectOption("retries");
  await seesText(page, "1 of 4");
  await page.getByLabel("Attempt", { exact: true }).selectOption("");
  await page.getByLabel("Outcome", { exact: true }).selectOption("failed");
  await seesText(page, "1 of 4");
  await page.getByText("The attempts in view as a table").click();
  await page.getByRole("region", { name: "Attempts in view" }).getByRole("link", { name: "retried" }).waitFor();
  await page.getByLabel("Instance", { exact: true }).selectOption("ann");
  await seesText(page, "No attempt matches the filter.");
});
