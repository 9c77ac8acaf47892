/**
 * The metrics of a service, in the text format of Prometheus. Only who sees everything gets them, as they count everything:
 * the query behind them refuses all others.
 */

import { Registry } from "prom-client";
import type { Engine } from "../app/engine.ts";
import { ORCHESTRATOR } from "../app/job.ts";
import type { Observer } from "../app/observer.ts";
import { planMetrics, readPlan, type Scraper } from "./plan_metrics.ts";
import { observeProcess, type Present, presentMetrics } from "./process_metrics.ts";

export class Metrics {
  readonly contentType: string;
  /** Counts what the process does. */
  readonly observer: Observer;
  readonly #registry = new Registry();
  readonly #setPresent: (present: Present) => void;
  readonly #updatePlan: ReturnType<typeof planMetrics>;
  /** The last scrape: one after the other, as totals must not be read out of order. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param version that of the program */
  constructor(version: string) {
    this.contentType = this.#registry.contentType;
    this.observer = observeProcess(this.#registry);
    this.#setPresent = presentMetrics(this.#registry, version);
    this.#updatePlan = planMetrics(this.#registry);
  }

  /** Counts from now on what is done to the plan. */
  async begin(engine: Pick<Engine, "query">): Promise<void> {
    this.#updatePlan(await readPlan(engine, ORCHESTRATOR));
  }

  /**
   * All metrics as of now.
   *
   * @throws Refusal if something may be hidden from the caller
   */
  exposition(engine: Pick<Engine, "query">, caller: Scraper, present: () => Present): Promise<string> {
    const scrape = this.#last.then(async () => {
      this.#updatePlan(await readPlan(engine, caller));
      this.#setPresent(present());
      return await this.#registry.metrics();
    });
    this.#last = scrape.catch(() => {});
    return scrape;
  }
}
