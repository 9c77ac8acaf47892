/** What calls cost when there are so many tasks: one agent, one call after the other. */

import { median, timed } from "../measure.ts";
import { BUDGET_MS, newBudget } from "./budget.ts";
import { memoryCell } from "./idle.ts";
import { residentMemory } from "./memory.ts";
import { type Calls, FILL_TASKS, type Peer, type Place } from "./peer.ts";
import type { Cell, Column } from "./row.ts";
import { Session } from "./session.ts";
import { withCommas } from "./table.ts";

const ROUNDS = 30;
/** The first rounds don't count, if there are others. */
const WARM_UP_ROUNDS = 5;

const AGENT = "agent";

const STEPS = ["create", "claim", "complete", "list, first answer", "list, all tasks"] as const;
type Step = typeof STEPS[number];
type Samples = ReadonlyMap<Step, number[]>;

/** Fills a directory, and measures there. */
export async function measureAtSize(peer: Peer, place: Place, size: number): Promise<Column> {
  await using session = await Session.start(peer, place);
  await peer.enter?.(session, AGENT);
  const filled = await fill(peer, session, size);
  if (filled < size) {
    return columnOf(size, (name) => ({
      absent: name === "create"
        ? `did not finish (made ${withCommas(filled)} in ${BUDGET_MS / 1_000} s)`
        : "did not finish",
    }));
  }
  const samples = await takeSamples(peer, session, size);
  const memory = memoryCell(await residentMemory(session.pid));
  return columnOf(size, (name) => name === "memory" ? memory : cellOf(samples.get(name) ?? []));
}

function columnOf(size: number, cell: (name: Step | "memory") => Cell): Column {
  const names = [...STEPS, "memory"] as const;
  return new Map(names.map((name) => {
    const unit = name === "memory" ? "MB" : "ms";
    return [`${name}, ${withCommas(size)} tasks`, { unit, best: "least", cell: cell(name) }];
  }));
}

/** Makes tasks until there are enough, or time is over; resolves to their number. */
async function fill(peer: Peer, session: Calls, size: number): Promise<number> {
  const budget = newBudget();
  let made = 0;
  while (made < size && !budget.isOver()) {
    const count = peer.createMany === undefined ? 1 : Math.min(FILL_TASKS, size - made);
    const names = Array.from({ length: count }, (_, index) => `task-${made + index}`);
    if (peer.createMany !== undefined) await peer.createMany(session, names);
    else await peer.create(session, names[0] ?? "");
    made += count;
  }
  return made;
}

async function takeSamples(peer: Peer, session: Calls, size: number): Promise<Samples> {
  const samples: Samples = new Map(STEPS.map((step) => [step, []]));
  const budget = newBudget();
  let next: string | undefined;
  for (let round = 0; round < ROUNDS && !budget.isOver(); round++) {
    let held = "";
    const steps: Readonly<Record<Step, () => Promise<unknown>>> = {
      "create": () => peer.create(session, `task-${size + round}`),
      "claim": async () => held = await claimOne(peer, session, next),
      "complete": async () => next = await peer.complete(session, AGENT, held),
      "list, first answer": () => peer.list(session),
      "list, all tasks": () => (peer.listAll ?? peer.list)(session),
    };
    for (const step of STEPS) {
      if (!budget.isOver()) samples.get(step)?.push(await timed(steps[step]));
    }
  }
  return samples;
}

async function claimOne(peer: Peer, session: Calls, next: string | undefined): Promise<string> {
  const claim = await peer.claim(session, AGENT, next);
  if (typeof claim === "string") throw new Error(`${peer.name} hands out no task: ${claim}`);
  return claim.id;
}

function cellOf(samples: readonly number[]): Cell {
  const counted = samples.length > WARM_UP_ROUNDS ? samples.slice(WARM_UP_ROUNDS) : samples;
  return counted.length === 0 ? { absent: "did not finish" } : { value: median(counted) };
}
