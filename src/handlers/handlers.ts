/**
 * Runs the handlers of a file. Of the processes that share a data directory and have the same file, one does so; another
 * takes over within moments when it ends or dies. Every notification is handled at least once, for each handler in order.
 */

import { Leader } from "../app/leader.ts";
import type { Deliveries } from "../app/ports.ts";
import type { Handler } from "./handler.ts";
import { type HandlerParts, runHandler } from "./handler_run.ts";
import { nameOfPlaces, Places } from "./places.ts";
import { RoleTokens } from "./role_tokens.ts";

export interface HandlersOptions extends HandlerParts {
  readonly handlers: readonly Handler[];
  readonly deliveries: Deliveries;
  /** Stands for the file: letters and digits. */
  readonly id: string;
}

/** Competes to run the handlers until it is disposed of, which ends the commands under way. */
export class Handlers implements AsyncDisposable {
  readonly #leader: Leader;

  constructor(options: HandlersOptions) {
    const { deliveries, id, log } = options;
    const name = nameOfPlaces(id);
    this.#leader = new Leader({ deliveries, name, log, work: (signal) => runAll(name, options, signal) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leader.close();
  }
}

async function runAll(name: string, options: HandlersOptions, signal: AbortSignal): Promise<void> {
  const { handlers, engine, caller, deliveries, id, log } = options;
  await using places = await Places.load(deliveries, name);
  await begin(places, options);
  await using tokens = await RoleTokens.start({ engine, caller, id, handlers });
  log.info(`This process runs the handlers ${handlers.map((each) => each.name).join(", ")}`);
  await Promise.all(handlers.map((handler) => runHandler(handler, { ...options, tokens, places }, signal)));
}

/** Gives handlers without a place that of the last record: they begin with what comes next. */
async function begin(places: Places, { handlers, engine }: HandlersOptions): Promise<void> {
  places.keepOnly(handlers.map(({ name }) => name));
  const fresh = handlers.filter(({ name }) => places.get(name) === undefined);
  const seq = await engine.catchUp();
  const source = await engine.source();
  for (const { name } of fresh) places.move(name, { at: { seq }, ...(source !== undefined && { source }), tries: 0 });
  if (fresh.length > 0) await places.save();
}
