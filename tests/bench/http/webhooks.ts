/**
 * How many events a service delivers to one webhook, beside requests of the same kind one after the other, and what 10
 * webhooks that get every event cost a client that claims.
 */

import { startChild } from "../../support/child.ts";
import { startService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { medians, timed } from "../measure.ts";
import type { Benchmark, Row } from "../row.ts";
import { callTool, get, post } from "./clients.ts";

/** Tasks of a round of deliveries; each is told in two events. */
const TASKS = 500;

const WEBHOOKS = 10;

const RATE_ROUNDS = { rounds: 5, warmUpRounds: 1 };
const CLAIM_ROUNDS = { rounds: 200, warmUpRounds: 20 };

/** About as long as an event, with its headers. */
const EVENT = { id: "1.0", data: { text: "x".repeat(300) } };

export const webhooks: Benchmark = async ({ directory }) => {
  await using child = startChild(new URL("receiver.ts", import.meta.url), [], {
    permissions: ["--allow-net=127.0.0.1:0"],
  });
  const { value: port } = await child.lines.next();
  const receiver = new URL(`http://127.0.0.1:${port}/`);
  return [
    await rateRow(`${directory}/webhooks-rate`, receiver),
    await claimRow(`${directory}/webhooks-claims`, receiver),
  ];
};

async function start(directory: string, receiver: URL, count: number) {
  await Deno.mkdir(directory);
  const service = await startService(directory, { args: ["--allow-private-webhooks"], net: [receiver.host] });
  for (let index = 0; index < count; index++) {
    await post(service.url("/api/v1/webhooks"), { name: `w${index}`, url: receiver.href });
  }
  return service;
}

async function rateRow(directory: string, receiver: URL): Promise<Row> {
  await using service = await start(directory, receiver, 1);
  let created = 0;
  const receivedNow = async () => Number((await get(receiver))["received"]);
  const { value, floor } = await medians({
    async value() {
      const before = await receivedNow();
      const start = performance.now();
      const tasks = Array.from({ length: TASKS }, () => ({ id: `t${++created}`, description: "Something" }));
      await callTool(service.url("/mcp"), "create_tasks", { tasks });
      await until("all deliveries", async () => await receivedNow() >= before + 2 * TASKS);
      return 2 * TASKS / (performance.now() - start) * 1_000;
    },
    async floor() {
      const start = performance.now();
      for (let index = 0; index < 2 * TASKS; index++) {
        const response = await fetch(receiver, { method: "POST", body: JSON.stringify(EVENT) });
        await response.body?.cancel();
      }
      return 2 * TASKS / (performance.now() - start) * 1_000;
    },
  }, RATE_ROUNDS);
  const what = "requests of that size, one after the other over one connection";
  return { name: "deliveries to one local webhook", value, floor: { value: floor, what }, unit: "/s" };
}

async function claimRow(directory: string, receiver: URL): Promise<Row> {
  await Deno.mkdir(directory);
  await using plain = await start(`${directory}/plain`, receiver, 0);
  await using active = await start(`${directory}/active`, receiver, WEBHOOKS);
  const tasks = Array.from({ length: CLAIM_ROUNDS.rounds + CLAIM_ROUNDS.warmUpRounds }, (_, index) => {
    return { id: `t${index}`, description: "Something" };
  });
  for (const service of [plain, active]) await callTool(service.url("/mcp"), "create_tasks", { tasks });
  const claim = (service: typeof plain) => () => {
    return timed(() => callTool(service.url("/mcp"), "get_next_task", { instance_id: "worker" }));
  };
  const { value, floor } = await medians({ value: claim(active), floor: claim(plain) }, CLAIM_ROUNDS);
  return {
    name: `a claim over HTTP while ${WEBHOOKS} webhooks get every event, p50`,
    value,
    floor: { value: floor, what: "the same on a service without webhooks" },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound: 1.1 },
  };
}
