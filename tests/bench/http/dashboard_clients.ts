/**
 * Pages of the dashboard as the service sees them, in one process that costs little itself: each follows the events, and
 * asks again for what has changed as often as the page does (`live_plan.ts`, `plan_view.tsx`). Its arguments are the address
 * of the service, and how many pages. Prints a line when all follow; ends with its standard input.
 */

/** How soon the page asks again, in milliseconds: for the rows, and for what the view shows beside them. */
const LOOK_PAUSE_MS = 250;
const VIEW_PAUSE_MS = 5_000;

/** A question takes at most one part of so many of the time. */
const SHARE = 10;

/** What the view of the plan asks beside the rows. */
const VIEW_PATHS = ["/analysis?detail=critical_path&limit=200", "/groups"];

async function openPage(base: string): Promise<void> {
  const get = async (path: string) => {
    const response = await fetch(`${base}/api/v1${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.text();
  };
  const seqIn = (text: string) => Number(/"seq":(\d+)/.exec(text)?.[1]);
  let seq = seqIn(await get("/plan"));
  const look = paced(LOOK_PAUSE_MS, async () => {
    seq = seqIn(await get(`/plan?since=${seq}`));
  });
  const views = VIEW_PATHS.map((path) => paced(VIEW_PAUSE_MS, () => get(path)));
  for (const view of views) view();
  const { body } = await fetch(`${base}/api/v1/events`);
  if (body === null) throw new Error("The stream has no body");
  void follow(body, () => {
    look();
    for (const view of views) view();
  });
}

async function follow(body: ReadableStream<Uint8Array>, onEvents: () => void): Promise<void> {
  let isFirst = true;
  for await (const _ of body) {
    // The first part tells only where the stream begins.
    if (!isFirst) onEvents();
    isFirst = false;
  }
}

/** Calls `ask` after a pause, of several wishes once; it takes at most one part of `SHARE` of the time. */
function paced(leastMs: number, ask: () => Promise<unknown>): () => void {
  let pauseMs = leastMs;
  let isWaiting = false, isWanted = false;
  const want = () => {
    isWanted = true;
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(async () => {
      isWanted = false;
      const start = performance.now();
      await ask();
      pauseMs = Math.max(leastMs, SHARE * (performance.now() - start));
      isWaiting = false;
      if (isWanted) want();
    }, pauseMs);
  };
  return want;
}

const [base = "", count = "0"] = Deno.args;
await Promise.all(Array.from({ length: Number(count) }, () => openPage(base)));
console.log("open");
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
