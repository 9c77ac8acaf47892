/**
 * A history as a person reads it: a line for everything that happened, and beside it a lane for each worker that
 * shows what it is busy with at the same time as the others. Pure: from entries to lines.
 */

/** One line. */
export interface Entry {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly who: string;
  readonly did: Deed;
  readonly what: string;
}

export interface Paper {
  readonly columns: number;
  readonly hasColors: boolean;
}

/** What the lane of a worker shows beside what it did, and from there on; without `after`, what it showed before. */
const LANES = {
  created: { beside: " " },
  registers: { beside: "•" },
  waits: { beside: "○", after: "┆" },
  claimed: { beside: "┌", after: "│" },
  reports: { beside: "├" },
  "is told": { beside: "├" },
  completed: { beside: "└", after: " " },
  failed: { beside: "✗", after: " " },
  refused: { beside: "✗", after: " " },
  skipped: { beside: " " },
  "gives up": { beside: " " },
  "takes back": { beside: " " },
  keeps: { beside: " " },
  killed: { beside: "╳", after: "┊" },
  hangs: { beside: "╳", after: "┊" },
  "is back": { beside: "├", after: "│" },
  restarts: { beside: "•", after: " " },
  changed: { beside: "•" },
} as const satisfies Record<string, { readonly beside: string; readonly after?: string }>;

/** What somebody did. */
export type Deed = keyof typeof LANES;

/** What the signs in the lanes mean. */
export const LEGEND = [
  "┌ claims a task  │ works on it  └ completes it  ✗ fails, or is refused",
  "○ waits for one  ├ says or hears something  ╳ dies or hangs  ┊ gone",
];

/** Deeds that are shown in the colour of misfortune. */
const MISFORTUNES: ReadonlySet<Deed> = new Set<Deed>(["killed", "hangs", "failed", "refused"]);

/** ANSI colours (SGR parameters): of the workers in turn, of misfortune, and of the time. */
const WORKER_COLORS = ["36", "33", "35", "34"];
const MISFORTUNE_COLOR = "1;31";
const TIME_COLOR = "2";

/** The lines of a timeline, in the order of time, which counts from the first entry. */
export function timeline(entries: readonly Entry[], workers: readonly string[], paper: Paper): readonly string[] {
  const ordered = entries.toSorted((a, b) => a.at - b.at);
  const start = ordered[0]?.at ?? 0;
  const whoWidth = Math.max(...ordered.map(({ who }) => who.length));
  const didWidth = Math.max(...ordered.map(({ did }) => did.length));
  const lanes = new Map<string, string>(workers.map((worker) => [worker, " "]));

  return ordered.map(({ at, who, did, what }) => {
    const { beside, after }: { readonly beside: string; readonly after?: string } = LANES[did];
    const signs = Array.from(lanes, ([worker, lane]) => paint(worker === who ? beside : lane, colorOf(worker)));
    if (lanes.has(who) && after !== undefined) lanes.set(who, after);
    const time = `${((at - start) / 1000).toFixed(3)} s`.padStart(8);
    const text = `${who.padEnd(whoWidth)}  ${did.padEnd(didWidth)}  ${what}`;
    const room = paper.columns - ("  ".length + time.length + "  ".length + 2 * workers.length + " ".length);
    const color = MISFORTUNES.has(did) ? MISFORTUNE_COLOR : colorOf(who);
    return `  ${paint(time, TIME_COLOR)}  ${signs.join(" ")}  ${paint(clip(text, room), color)}`;
  });

  function colorOf(who: string): string | undefined {
    const index = workers.indexOf(who);
    return index < 0 ? undefined : WORKER_COLORS[index % WORKER_COLORS.length];
  }

  function paint(text: string, color: string | undefined): string {
    return paper.hasColors && color !== undefined ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}
