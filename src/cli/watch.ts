/** The command `status --watch`: shows the plan on the whole terminal, and keeps it up to date, until somebody leaves. */

import { onAbort, pause } from "../app/abortable.ts";
import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import type { Log } from "../app/ports.ts";
import { draw, lookAt, type Overview } from "./overview.ts";
import { type Device, Screen, sizeOf } from "./screen.ts";

/** How often ages and the size of the terminal are looked at, in milliseconds. */
const TICK_MS = 1_000;

/** After how long the plan is looked at though nothing was recorded: delays end by time alone. In milliseconds. */
const REFRESH_MS = 5_000;

/** Least time between two looks at the plan, in milliseconds, and as a multiple of how long the last one took. */
const LEAST_GAP_MS = 100;
const GAP_FACTOR = 4;

/** Keys that leave: q, Q, Ctrl-C, Ctrl-D. */
const LEAVING: ReadonlySet<number> = new Set([0x71, 0x51, 0x03, 0x04]);

export interface WatchOptions {
  readonly feed: Feed;
  readonly device: Device;
  readonly hasColors: boolean;
  readonly notices: Notices;
}

/** Shows the plan until a key, a signal or the end of input. The terminal is as it was afterwards, also after an error. */
export async function watchStatus(
  engine: Engine,
  { feed, device, hasColors, notices }: WatchOptions,
): Promise<number> {
  const leaving = new AbortController();
  using _ending = onAbort(device.listenForEnd(), () => leaving.abort());
  using screen = new Screen(device);
  // Keys are read until the program ends: a read cannot be taken back.
  void leaveAtKey(device, () => leaving.abort(), notices);
  let woken = new AbortController();
  const wake = () => woken.abort();
  using _leaving = onAbort(leaving.signal, wake);
  let hasChanged = true;
  using cleaning = new DisposableStack();
  cleaning.defer(device.onResize(wake));
  cleaning.defer(feed.subscribe(() => {
    if (!hasChanged) wake();
    hasChanged = true;
  }));
  let overview: Overview | undefined;
  let lookedAt = -Infinity;
  let gapMs = 0;
  while (!leaving.signal.aborted) {
    woken = new AbortController();
    const begin = performance.now();
    if (overview === undefined || begin >= lookedAt + (hasChanged ? gapMs : REFRESH_MS)) {
      hasChanged = false;
      overview = await lookAt(engine);
      lookedAt = performance.now();
      gapMs = Math.max(LEAST_GAP_MS, GAP_FACTOR * (lookedAt - begin));
    }
    const size = sizeOf(device);
    screen.show(draw(overview, { size, hasColors, now: engine.now(), notice: notices.newest }), size);
    const restMs = hasChanged ? lookedAt + gapMs - performance.now() : TICK_MS;
    if (!leaving.signal.aborted) await pause(Math.max(0, Math.min(TICK_MS, restMs)), woken.signal);
  }
  return 0;
}

/** Reads keys until one leaves, or there are no more. */
async function leaveAtKey({ read }: Device, leave: () => void, log: Log): Promise<void> {
  try {
    for (let keys = await read(); keys !== null; keys = await read()) {
      if (keys.some((key) => LEAVING.has(key))) break;
    }
  } catch (error) {
    log.warn(`Cannot read keys, so this is the end: ${error}`);
  }
  leave();
}

/** Most messages that are kept, and how long each is the newest one, in milliseconds. */
const MAX_NOTICES = 20;
const NOTICE_MS = 10_000;

/** Keeps messages, which would be written across the screen, until there is no screen any more. */
export class Notices implements Log {
  #kept: { readonly level: keyof Log; readonly message: string }[] = [];
  /** By `performance.now`. */
  #keptAt = -Infinity;

  /** The last message, for a while. */
  get newest(): string | undefined {
    return performance.now() < this.#keptAt + NOTICE_MS ? this.#kept.at(-1)?.message : undefined;
  }

  info(message: string): void {
    this.#keep("info", message);
  }

  warn(message: string): void {
    this.#keep("warn", message);
  }

  error(message: string): void {
    this.#keep("error", message);
  }

  /** Passes all on that is kept: each message once, the newest ones. */
  passTo(log: Log): void {
    for (const { level, message } of this.#kept) log[level](message);
    this.#kept = [];
  }

  #keep(level: keyof Log, message: string): void {
    const others = this.#kept.filter((each) => each.message !== message);
    this.#kept = [...others, { level, message }].slice(-MAX_NOTICES);
    this.#keptAt = performance.now();
  }
}
