/** Shows which plans a service keeps open: bounded in number, each once, and none that is in use is closed. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { OpenPlans, type OpenPlansOptions } from "../../src/composition/open_plans.ts";
import { RecordingLog } from "../support/log.ts";
import { until } from "../support/until.ts";

interface TestPlan extends AsyncDisposable {
  readonly name: string;
  isBusy: boolean;
  readonly isInUse: () => boolean;
}

/** Never idle, and never looked at. */
const NEVER = { idleMs: Infinity, checkMs: 2 ** 31 - 1 };

function plansOf(options: Partial<OpenPlansOptions<TestPlan>> = {}) {
  const events: string[] = [];
  const open = (name: string): Promise<TestPlan | undefined> => {
    if (name === "none") return Promise.resolve(undefined);
    if (name === "broken") return Promise.reject(new Error("broken"));
    events.push(`open ${name}`);
    const plan: TestPlan = {
      name,
      isBusy: false,
      isInUse: () => plan.isBusy,
      [Symbol.asyncDispose]: () => Promise.resolve(void events.push(`close ${name}`)),
    };
    return Promise.resolve(plan);
  };
  const plans = new OpenPlans<TestPlan>({ open, log: new RecordingLog(), ...NEVER, ...options });
  const use = async (name: string) => {
    const found = await plans.use(name);
    assert(typeof found === "object", `${name}: ${found}`);
    return found;
  };
  return { plans, events, use };
}

Deno.test("a plan is opened once, however many ask for it at once", async () => {
  const { plans, events, use } = plansOf();
  {
    await using _plans = plans;
    const uses = await Promise.all([use("a"), use("a"), use("a")]);
    assertEquals(new Set(uses.map(({ plan }) => plan)).size, 1);
  }
  assertEquals(events, ["open a", "close a"]);
});

Deno.test("an unknown project opens nothing and takes no room, and neither does one that fails", async () => {
  const { plans, events, use } = plansOf({ maxOpen: 1 });
  await using _plans = plans;
  assertEquals(await plans.use("none"), "unknown");
  await assertRejects(() => plans.use("broken"), Error, "broken");
  using _use = await use("a");
  assertEquals(events, ["open a"]);
});

Deno.test("with as many open as may be, the one that was not used for longest makes room", async () => {
  const { plans, events, use } = plansOf({ maxOpen: 2 });
  await using _plans = plans;
  for (const name of ["a", "b", "a"]) (await use(name))[Symbol.dispose]();
  (await use("c"))[Symbol.dispose]();
  assertEquals(events, ["open a", "open b", "close b", "open c"]);
});

Deno.test("none is closed that answers a request, has a client between two, or is pinned", async () => {
  const { plans, events, use } = plansOf({ maxOpen: 3 });
  await using _plans = plans;
  const answering = await use("a");
  const { plan, ...waiting } = await use("b");
  plan.isBusy = true;
  waiting[Symbol.dispose]?.();
  (await use("c"))[Symbol.dispose]();
  assertEquals(await plans.use("d").then((found) => typeof found), "object");
  assertEquals(events, ["open a", "open b", "open c", "close c", "open d"]);
  assertEquals(await plans.use("e"), "full");
  answering[Symbol.dispose]();
  (await use("e"))[Symbol.dispose]();
  assertEquals(events.slice(-2), ["close a", "open e"]);
});

Deno.test("a pinned plan is never closed before the end", async () => {
  const { plans, events, use } = plansOf({ maxOpen: 1, idleMs: 0, checkMs: 1 });
  {
    await using _plans = plans;
    plans.pin("a", (await use("a")).plan);
    assertEquals(await plans.use("b"), "full");
  }
  assertEquals(events, ["open a", "close a"]);
});

Deno.test("an idle plan is closed, and opened again when it is asked for", async () => {
  const { plans, events, use } = plansOf({ idleMs: 0, checkMs: 1 });
  await using _plans = plans;
  (await use("a"))[Symbol.dispose]();
  await until("it is closed", () => events.includes("close a"));
  (await use("a"))[Symbol.dispose]();
  assertEquals(events.slice(0, 3), ["open a", "close a", "open a"]);
});
