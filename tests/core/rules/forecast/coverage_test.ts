/** Shows how often the real end of a plan is in the interval that a forecast claims with 80 %. */

import { assert, assertEquals } from "@std/assert";
import { randomFrom } from "../../../../src/core/rules/forecast/chance.ts";
import { forecast } from "../../../../src/core/rules/forecast/forecast.ts";
import { planOf } from "../../../../src/core/views/analytics/analysis.ts";
import { measure } from "../../../../src/core/views/analytics/metrics.ts";
import { times } from "../../given.ts";
import { finish } from "../../views/analytics/plans.ts";
import { DISTRIBUTIONS, randomPlan, Simulation } from "./simulated_plans.ts";

/** As many as a forecast has by default. */
const RUNS = 200;

Deno.test({
  name: "of 200 plans of all kinds, at least 85 % end in the interval that was foretold",
  permissions: "none",
  fn() {
    const kinds = Object.values(DISTRIBUTIONS);
    let covered = 0;
    for (const index of times(200, (index) => index)) {
      const random = randomFrom(index);
      const durationOf = kinds[index % kinds.length] ?? (() => NaN);
      const count = 20 + Math.floor(random() * 20);
      const instances = 1 + Math.floor(random() * 4);
      const world = { random, durationOf, instances, failureRate: 0.1 * random() };
      const simulation = new Simulation(randomPlan(random, count), world);
      simulation.workUntil(8 + Math.floor(random() * 10));
      const { state, now } = simulation;
      const { outcomes } = measure(state, { limit: 1 }, now);
      const options = { outcomes, instances: [instances], runs: RUNS, seed: 1 };
      const [outlook] = finish(forecast(planOf(state, now), options)).outlooks;
      simulation.workUntil(count);
      assertEquals([state.counts.completed, outlook?.endsShare], [count, 1]);
      const realMs = simulation.now - now;
      covered += Number(realMs >= (outlook?.p10Ms ?? Infinity) && realMs <= (outlook?.p90Ms ?? 0));
    }
    assert(covered >= 170, `only ${covered} of 200`);
  },
});
