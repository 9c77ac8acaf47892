/**
 * How fast a service hands out tasks while ten dashboards show the plan, beside the same without them. Pages of a browser
 * take processor time from the service where there are few cores: so the same is measured with clients that only ask and
 * read what pages do, and the processor time that the service itself takes for a claim and its completion.
 */

import { MAX_BATCH_TASKS } from "../../../src/core/model/limits.ts";
import { startChild } from "../../support/child.ts";
import { type Service, startService } from "../../support/service.ts";
import { chromium, closeChromium, missingChromium } from "../../dashboard/browser/support/chromium.ts";
import { figuresOf, median } from "../measure.ts";
import type { Benchmark, Row } from "../row.ts";
import { post, rateOf } from "./clients.ts";

const DASHBOARDS = 10;
const CLIENTS = 4;
const ROUNDS = { rounds: 4, warmUpRounds: 1 };

/** Claims with their completions in a round, of all clients together: fewer where a browser has to draw all the tasks. */
const PAIRS = { clients: 1_500, pages: 400 };

/** How long dashboards are left alone after they were opened, in milliseconds. */
const OPENED_MS = 1_000;

/** A tick of the kernel's processor times, in milliseconds. */
const TICK_MS = 10;

/** Opens dashboards; the returned function closes them. */
type Open = (service: Service) => Promise<() => Promise<void>>;

export const dashboards: Benchmark = async ({ directory }) => {
  const rows = await rowsWith("clients that do what pages do", openClients, {
    data: `${directory}/dashboard-clients`,
    pairs: PAIRS.clients,
  });
  if (missingChromium !== undefined) {
    console.error(`dashboards in a browser are not measured: ${missingChromium}`);
    return rows;
  }
  try {
    return [
      ...rows,
      ...await rowsWith("pages in Chromium", openPages, { data: `${directory}/dashboard-pages`, pairs: PAIRS.pages }),
    ];
  } finally {
    await closeChromium();
  }
};

async function rowsWith(
  what: string,
  open: Open,
  { data, pairs }: { readonly data: string; readonly pairs: number },
): Promise<readonly Row[]> {
  await Deno.mkdir(data);
  await using service = await startService(data);
  await fill(service, 2 * pairs * (ROUNDS.rounds + ROUNDS.warmUpRounds));
  const cpuMs = { without: new Array<number>(), with: new Array<number>() };
  const round = async (cpu: number[]) => {
    const before = await cpuMsOf(service.pid);
    const rate = await rateOf(CLIENTS, pairs / CLIENTS, (client) => claimAndComplete(service, client));
    cpu.push((await cpuMsOf(service.pid) - before) / pairs);
    return rate;
  };
  const rates = await figuresOf({
    without: () => round(cpuMs.without),
    with: async () => {
      const close = await open(service);
      await new Promise((resolve) => setTimeout(resolve, OPENED_MS));
      try {
        return await round(cpuMs.with);
      } finally {
        await close();
      }
    },
  }, ROUNDS);
  const measured = (figures: readonly number[]) => median(figures.slice(-ROUNDS.rounds));
  const name = `beside ${DASHBOARDS} ${what}`;
  return [{
    name: `claims with completions ${name}`,
    value: median(rates.with),
    floor: { value: median(rates.without), what: `the same by ${CLIENTS} clients without them, measured in turn` },
    unit: "/s",
    target: { of: "ratio", is: "at least", bound: 0.9 },
  }, {
    name: `processor time of the service for such a pair, ${name}`,
    value: measured(cpuMs.with),
    floor: { value: measured(cpuMs.without), what: "the same without them" },
    unit: "ms",
  }];
}

async function openClients(service: Service): Promise<() => Promise<void>> {
  const child = startChild(
    new URL("dashboard_clients.ts", import.meta.url),
    [service.url("/").origin, `${DASHBOARDS}`],
    {
      permissions: [`--allow-net=${service.host}`],
    },
  );
  if ((await child.lines.next()).value !== "open") throw new Error("The dashboards' clients did not start");
  return async () => await child[Symbol.asyncDispose]();
}

/** Each in a browser of its own, as ten people have them: pages of one browser share a stream. */
async function openPages(service: Service): Promise<() => Promise<void>> {
  const browser = await chromium();
  const contexts = await Promise.all(Array.from({ length: DASHBOARDS }, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(service.url("/").href);
    await page.locator('ul[aria-label="Tasks in view"] li').first().waitFor({ state: "attached" });
    return context;
  }));
  return async () => void await Promise.all(contexts.map((context) => context.close()));
}

async function claimAndComplete(service: Service, client: number): Promise<void> {
  const instance_id = `agent-${client}`;
  const { id } = await post(service.url("/api/v1/claims"), { instance_id });
  if (typeof id !== "string") throw new Error("There are too few tasks");
  await post(service.url(`/api/v1/tasks/${id}/complete`), { instance_id, result: "Done, as it was asked for" });
}

async function fill(service: Service, count: number): Promise<void> {
  for (let first = 0; first < count; first += MAX_BATCH_TASKS) {
    const tasks = Array.from({ length: MAX_BATCH_TASKS }, (_, index) => {
      return { id: `task-${first + index}`, description: "Something to be done by an agent" };
    });
    await post(service.url("/api/v1/tasks"), { tasks });
  }
}

/** The processor time that a process has taken, in milliseconds. */
async function cpuMsOf(pid: number): Promise<number> {
  // Deno lets only a program with all permissions read /proc itself.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).output();
  const text = new TextDecoder().decode(stdout);
  const [user, system] = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}
