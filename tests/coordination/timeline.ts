/**
 * A history as a person reads it: a line for everything that happened, and beside it a lane for each worker that
 * shows what it is busy with at the same time as the others. Pure: from records to lines.
 */

import { type Event, type JournalRecord, taskIdsOf } from "../../src/core/events.ts";

/** One line. */
export interface Entry {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly who: string;
  readonly did: keyof typeof LANES;
  readonly what: string;
}

export interface Paper {
  readonly columns: number;
  readonly hasColors: boolean;
}

/** What the lane of a worker shows beside what it did, and from there on. */
const LANES = {
  created: { beside: " ", after: " " },
  claimed: { beside: "┌", after: "│" },
  completed: { beside: "└", after: " " },
  killed: { beside: "╳", after: "┊" },
  "is back": { beside: "├", after: "│" },
  changed: { beside: "•", after: " " },
} as const;

/** Most tasks that are named as unlocked by one completion. */
const MAX_NAMED = 3;

/** ANSI colours (SGR parameters): of the workers in turn, of a kill, and of the time. */
const WORKER_COLORS = ["36", "33", "35", "34"];
const KILL_COLOR = "1;31";
const TIME_COLOR = "2";

/** What the records tell, in their order. */
export function entriesOf(records: readonly JournalRecord[]): readonly Entry[] {
  const missing = new Map<string, Set<string>>();
  return records.flatMap(({ at, actor, events }) =>
    events.map((event): Entry => {
      // An actor that is no instance is a client and its server's process: name#pid.
      const who = "instance" in event ? event.instance : actor.replace(/#\d+$/, "");
      return { at, who, ...describe(event, missing) };
    })
  );
}

/** The lines of a timeline, in the order of time, which counts from the first entry. */
export function timeline(entries: readonly Entry[], workers: readonly string[], paper: Paper): readonly string[] {
  const ordered = entries.toSorted((a, b) => a.at - b.at);
  const start = ordered[0]?.at ?? 0;
  const whoWidth = Math.max(...ordered.map(({ who }) => who.length));
  const didWidth = Math.max(...ordered.map(({ did }) => did.length));
  const lanes = new Map<string, string>(workers.map((worker) => [worker, " "]));

  return ordered.map(({ at, who, did, what }) => {
    const beside = Array.from(lanes, ([worker, lane]) => ink(worker === who ? LANES[did].beside : lane, worker));
    if (lanes.has(who)) lanes.set(who, LANES[did].after);
    const time = `${((at - start) / 1000).toFixed(3)} s`.padStart(8);
    const text = `${who.padEnd(whoWidth)}  ${did.padEnd(didWidth)}  ${what}`;
    const room = paper.columns - ("  ".length + time.length + "  ".length + 2 * workers.length + " ".length);
    return `  ${paint(time, TIME_COLOR)}  ${beside.join(" ")}  ${ink(clip(text, room), did === "killed" ? did : who)}`;
  });

  /** Text in the colour of a worker, or of a kill. */
  function ink(text: string, who: string): string {
    const index = workers.indexOf(who);
    return paint(
      text,
      who === "killed" ? KILL_COLOR : index < 0 ? undefined : WORKER_COLORS[index % WORKER_COLORS.length],
    );
  }

  function paint(text: string, color: string | undefined): string {
    return paper.hasColors && color !== undefined ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}

/** What an event is called, keeping account of the dependencies that each task still misses. */
function describe(event: Event, missing: Map<string, Set<string>>): Pick<Entry, "did" | "what"> {
  switch (event.type) {
    case "tasks.created":
      for (const task of event.tasks) missing.set(task.id, new Set(task.dependencies));
      return { did: "created", what: `${event.tasks.length} tasks` };
    case "task.claimed":
      return { did: "claimed", what: event.id };
    case "task.completed":
      return { did: "completed", what: event.id + unlocked(event.id, missing) };
    default:
      return { did: "changed", what: `${taskIdsOf(event).join(", ")} (${event.type})` };
  }
}

function unlocked(completed: string, missing: ReadonlyMap<string, Set<string>>): string {
  const ready = Array.from(missing)
    .filter(([, dependencies]) => dependencies.delete(completed) && dependencies.size === 0)
    .map(([id]) => id);
  if (ready.length === 0) return "";
  return ` → ${ready.length > MAX_NAMED ? `${ready.length} tasks` : ready.join(", ")} can start`;
}

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}
