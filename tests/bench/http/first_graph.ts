/**
 * How soon the page of the dashboard shows the plan to somebody who is signed in: from the beginning of the navigation to
 * the end of the frame that draws the graph, beside an empty page in the same browser. In a browser that has never seen the
 * page, and in one that loads it again.
 */

import type { BrowserContext, Page } from "playwright-core";
import { chromium, closeChromium, missingChromium } from "../../dashboard/browser/support/chromium.ts";
import { type Place, startPlace } from "../../dashboard/browser/support/place.ts";
import { WIDE } from "../../dashboard/browser/support/user.ts";
import { createRandom } from "../../dashboard/plan/plans.ts";
import { medians } from "../measure.ts";
import type { Benchmark, Row } from "../row.ts";

const SIZES = [{ tasks: 1_000, boundMs: 400 }, { tasks: 2_000, boundMs: 500 }] as const;
const GROUPS = 10;
const ROUNDS = { rounds: 7, warmUpRounds: 1 };

/** How long a new window is left alone, in milliseconds: the browser is still busy with it. */
const WINDOW_MS = 1_000;

declare global {
  interface Window {
    /** When the frame was over that drew the graph. */
    drawnAt?: number;
  }
}

export const firstGraph: Benchmark = async () => {
  if (missingChromium !== undefined) {
    console.error(`the first graph is not measured: ${missingChromium}`);
    return [];
  }
  try {
    const rows: Row[] = [];
    for (const size of SIZES) rows.push(...await rowsOf(size));
    return rows;
  } finally {
    await closeChromium();
  }
};

async function rowsOf({ tasks, boundMs }: typeof SIZES[number]): Promise<readonly Row[]> {
  await using place = await startPlace({ needsToken: true });
  await fill(place, tasks);
  const seen = await openWindow(place);
  const graph = `${place.service.url("/").href}#/plan`;
  const empty = place.service.url("/healthz").href;
  const inNewBrowser = (load: (page: Page) => Promise<number>) => async () => {
    const { context, page } = await openWindow(place);
    try {
      return await load(page);
    } finally {
      await context.close();
    }
  };
  const measured = await medians({
    first: inNewBrowser((page) => msUntilGraph(page, graph)),
    firstEmpty: inNewBrowser((page) => msUntilFrame(page, empty)),
    again: () => msUntilGraph(seen.page, graph),
    againEmpty: () => msUntilFrame(seen.page, empty),
  }, ROUNDS);
  await seen.context.close();
  const what = "an empty page of the same server in the same browser, until its first frame";
  const target = { of: "value", is: "at most", bound: boundMs } as const;
  const name = `graph of ${tasks.toLocaleString("en-US")} tasks`;
  return [
    { name: `first ${name}, new browser`, value: measured.first, floor: { value: measured.firstEmpty, what } },
    { name: `${name}, page loaded again`, value: measured.again, floor: { value: measured.againEmpty, what } },
  ].map((row) => ({ ...row, unit: "ms", target }));
}

/** A browser of somebody who is signed in, with an empty window. */
async function openWindow(
  { service, admin }: Place,
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await (await chromium()).newContext({ viewport: WIDE });
  const { href, port } = service.url("/");
  await context.addCookies([
    { name: `orchestrator_${port}`, value: admin ?? "", url: href, httpOnly: true, sameSite: "Strict" },
  ]);
  const page = await context.newPage();
  await page.addInitScript(noteDrawing);
  await page.waitForTimeout(WINDOW_MS);
  return { context, page };
}

/** Runs in the page before its own scripts: the painter begins each picture by filling the canvas. */
function noteDrawing(): void {
  const { fillRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillRect = function (...area) {
    fillRect.apply(this, area);
    if (!this.canvas.isConnected) return;
    CanvasRenderingContext2D.prototype.fillRect = fillRect;
    // A message comes after the frame, of which this is a part.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => globalThis.window.drawnAt = performance.now();
    port2.postMessage(undefined);
  };
}

async function msUntilGraph(page: Page, address: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(address, { waitUntil: "commit" });
  const drawn = await page.waitForFunction(() => globalThis.window.drawnAt, undefined, { polling: 10 });
  const drawnAt = await drawn.jsonValue();
  if (drawnAt === undefined) throw new Error("The graph was not drawn");
  return drawnAt;
}

async function msUntilFrame(page: Page, address: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(address, { waitUntil: "commit" });
  return await page.evaluate(() =>
    new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))))
  );
}

/** Tasks in groups: most go on with an earlier one of their group, some wait for one of another. */
async function fill({ api }: Place, count: number): Promise<void> {
  for (let group = 0; group < GROUPS; group++) await api.call("POST", "/groups", { group_id: `group-${group}` });
  const random = createRandom(count);
  const ids: string[] = [];
  const earlier = (steps: number) => ids[ids.length - steps * GROUPS];
  for (let first = 0; first < count; first += 200) {
    const tasks = Array.from({ length: 200 }, () => {
      const dependencies = new Set([
        random() < 0.8 ? earlier(1 + Math.floor(3 * random())) : undefined,
        random() < 0.25 ? earlier(3) : undefined,
        random() < 0.15 ? ids[Math.floor(random() * ids.length)] : undefined,
      ]);
      const id = `task-${ids.length}`;
      const group = `group-${ids.length % GROUPS}`;
      ids.push(id);
      return { id, group, dependencies: [...dependencies].filter((each) => each !== undefined) };
    });
    await api.create(...tasks);
  }
}
