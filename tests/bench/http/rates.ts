/** How many durable calls a service answers over MCP and REST, beside what answers nothing on the same HTTP server. */

import { MAX_BATCH_TASKS } from "../../../src/core/model/limits.ts";
import { type Service, startService } from "../../support/service.ts";
import { openDiskFloor } from "../disk_floor.ts";
import { medians } from "../measure.ts";
import type { Benchmark, Row } from "../row.ts";
import { type BareService, callTool, get, post, rateOf, startBareService } from "./clients.ts";

const ROUNDS = { rounds: 7, warmUpRounds: 2 };

/** Calls of a round, of all clients together: claims and completions in turn. */
const CALLS = 800;

/** How many clients call at a time over MCP, and over REST. */
const CLIENTS = [50, 200] as const;
const REST_CLIENTS = 50;

/** Calls of a round of one client. */
const ONE_CLIENT_CALLS = 200;

/** About as long as a record. */
const RECORD = new Uint8Array(200);

/** As many as are claimed in all rounds, two calls each: by one client, by some over MCP, and over REST. */
const TASKS = (ROUNDS.rounds + ROUNDS.warmUpRounds) * (ONE_CLIENT_CALLS + (CLIENTS.length + 1) * CALLS) / 2;

export const httpRates: Benchmark = async ({ directory }) => {
  const data = `${directory}/http-rates`;
  await Deno.mkdir(data);
  await using ours = await startService(data);
  await using bare = await startBareService();
  await fill(ours);
  const rows = await oneClientRows(ours, bare, `${directory}/http-rates-floor`);
  for (const clients of CLIENTS) rows.push(await mcpRow(ours, bare, clients));
  return [...rows, ...await restRows(ours, bare)];
};

/** Each call of a client that waits for its answer is synced alone: the disk is part of the least that it takes. */
async function oneClientRows(ours: Service, bare: BareService, path: string): Promise<Row[]> {
  using disk = openDiskFloor(path);
  const empty = () => callTool(bare.url("/mcp"), "empty");
  const measured = await medians({
    value: () => rateOf(1, ONE_CLIENT_CALLS / 2, cycleOver((name, args) => callTool(ours.url("/mcp"), name, args))),
    empty: () => rateOf(1, ONE_CLIENT_CALLS, empty),
    durable: () =>
      rateOf(1, ONE_CLIENT_CALLS, async () => {
        await empty();
        disk.append(RECORD);
      }),
  }, ROUNDS);
  // A cycle is two calls.
  const row = { name: "claims and completions over HTTP, 1 client", value: 2 * measured.value, unit: "/s" } as const;
  const what = "calls of the SDK's empty tool on the same HTTP server";
  return [
    { ...row, floor: { value: measured.empty, what } },
    {
      ...row,
      name: `${row.name}, and the disk`,
      floor: { value: measured.durable, what: `${what}, then lock + append + fdatasync` },
      target: { of: "ratio", is: "at least", bound: 0.7 },
    },
  ];
}

async function mcpRow(ours: Service, bare: BareService, clients: number): Promise<Row> {
  const calls = CALLS / clients;
  const { value, floor } = await medians({
    value: () => rateOf(clients, calls / 2, cycleOver((name, args) => callTool(ours.url("/mcp"), name, args))),
    floor: () => rateOf(clients, calls, () => callTool(bare.url("/mcp"), "empty")),
  }, ROUNDS);
  return {
    name: `claims and completions over HTTP, ${clients} clients`,
    // A cycle is two calls.
    value: 2 * value,
    floor: { value: floor, what: "calls of the SDK's empty tool by as many clients on the same HTTP server" },
    unit: "/s",
    target: { of: "ratio", is: "at least", bound: 0.7 },
  };
}

async function restRows(ours: Service, bare: BareService): Promise<readonly Row[]> {
  const calls = CALLS / REST_CLIENTS;
  const rest = (name: string, args: Readonly<Record<string, unknown>>) => {
    const { task_id, ...body } = args;
    return post(ours.url(name === "get_next_task" ? "/api/v1/claims" : `/api/v1/tasks/${task_id}/complete`), body);
  };
  const measured = await medians({
    claims: () => rateOf(REST_CLIENTS, calls / 2, cycleOver(rest)),
    posts: () => rateOf(REST_CLIENTS, calls, () => post(bare.url("/empty"), { instance_id: "bench" })),
    reads: () => rateOf(REST_CLIENTS, calls, () => get(ours.url("/api/v1/tasks/task-0"))),
    gets: () => rateOf(REST_CLIENTS, calls, () => get(bare.url("/empty"))),
  }, ROUNDS);
  const target = { of: "ratio", is: "at least", bound: 0.5 } as const;
  return [
    {
      name: `claims and completions over REST, ${REST_CLIENTS} clients`,
      value: 2 * measured.claims,
      floor: { value: measured.posts, what: "POST of an empty route of Hono on the same HTTP server" },
      unit: "/s",
      target,
    },
    {
      name: `GET of a task over REST, ${REST_CLIENTS} clients`,
      value: measured.reads,
      floor: { value: measured.gets, what: "GET of an empty route of Hono on the same HTTP server" },
      unit: "/s",
      target,
    },
  ];
}

/** Claims a task and completes it. */
function cycleOver(call: (name: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>) {
  return async (client: number) => {
    const instance_id = `agent-${client}`;
    const { id } = Object(await call("get_next_task", { instance_id }));
    if (typeof id !== "string") throw new Error("There are too few tasks");
    await call("complete_task", { instance_id, task_id: id, result: "Done, as it was asked for" });
  };
}

async function fill(ours: Service): Promise<void> {
  for (let first = 0; first < TASKS; first += MAX_BATCH_TASKS) {
    const tasks = Array.from({ length: MAX_BATCH_TASKS }, (_, index) => {
      return { id: `task-${first + index}`, description: "Something to be done by an agent" };
    });
    await post(ours.url("/api/v1/tasks"), { tasks });
  }
}
