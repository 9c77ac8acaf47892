/** How soon a client that streams events has what a process commits, from before the call that commits it. */

import { EventReader } from "../../support/event_source.ts";
import { startServer } from "../../support/server.ts";
import { startService } from "../../support/service.ts";
import { medians, timed } from "../measure.ts";
import type { Benchmark, Row } from "../row.ts";
import { post } from "./clients.ts";

const ROUNDS = { rounds: 200, warmUpRounds: 20 };

export const httpEvents: Benchmark = async ({ directory }) => {
  const data = `${directory}/http-events`;
  await Deno.mkdir(data);
  await using service = await startService(data);
  await using other = await startServer(data);
  await using events = new EventReader(await fetch(service.url("/api/v1/events?type=task.created")));
  let created = 0;
  const next = () => ({ id: `task-${++created}`, description: "Something" });
  const inService = (task: ReturnType<typeof next>) => post(service.url("/api/v1/tasks"), task);
  const elsewhere = (task: ReturnType<typeof next>) => other.ask("create_task", task);
  return [
    await row("the same process", 15, inService),
    await row("another process", 50, elsewhere),
  ];

  async function row(where: string, bound: number, create: (task: ReturnType<typeof next>) => Promise<unknown>) {
    const { value, floor } = await medians({
      value: () =>
        timed(async () => {
          const call = create(next());
          await events.next();
          await call;
        }),
      floor: async () => {
        const elapsedMs = await timed(() => create(next()));
        await events.next();
        return elapsedMs;
      },
    }, ROUNDS);
    return {
      name: `commit by ${where} until a stream has it, p50`,
      value,
      floor: { value: floor, what: "the call that commits it, until it is answered" },
      unit: "ms",
      target: { of: "value", is: "at most", bound },
    } satisfies Row;
  }
};
