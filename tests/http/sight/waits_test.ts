/** Shows that what happens in hidden groups ends no wait of a caller with audiences, and is in no answer to one. */

import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import { create, taskWith } from "../../core/given.ts";
import { HIDDEN_START, START } from "../../core/hidden_plan.ts";
import { until } from "../../support/until.ts";
import type { ToolCall } from "./planner_calls.ts";
import { overMcp, overRest } from "./views.ts";
import { bytesOf, numbered, startWorld, type ViewerRequest, type World } from "./world.ts";

const WAIT_MS = 20_000;

/** A task that anybody could claim who sees it, and what would be news for x. */
const HIDDEN_ACTS: readonly Command[] = [
  create(...["i", "j", "k"].map((id) => taskWith({ group: "qg", priority: "urgent" }, id))),
  { type: "claim_task", instance: "x", id: "j" },
  { type: "claim_task", instance: "x", id: "k" },
  { type: "add_note", id: "k", text: "secret" },
  { type: "cancel_task", id: "j" },
];

const SHOWN_ACT = create(taskWith({ group: "pg" }, "e"));

/** What a call is answered that waits until the shown act, with hidden ones before and without. */
async function answersTo(
  request: (call: ToolCall) => ViewerRequest,
  call: (world: World) => ToolCall,
  isWaiting: (world: World) => Promise<boolean>,
): Promise<void> {
  await using full = await startWorld();
  await using bare = await startWorld();
  const told: string[] = [];
  for (const world of [full, bare]) {
    const isFull = world === full;
    for (const command of isFull ? [...START, ...HIDDEN_START] : START) assert(await world.operate(command));
    // There is nothing that the planner could claim.
    assert(await world.operate({ type: "cancel_task", id: "a" }));
    await world.endStep();
    const answer = world.send("planner", request(call(world))).then(bytesOf);
    await until("the wait", () => isWaiting(world));
    for (const command of isFull ? HIDDEN_ACTS : []) assert(await world.operate(command), command.type);
    await world.endStep();
    assert(await world.operate(SHOWN_ACT));
    await world.endStep();
    told.push(await answer);
  }
  const [one = "", other = ""] = told;
  assert(one.includes("do e") || one.includes(`"subject":"e"`), one);
  assertEquals(numbered(one, full.steps, bare.steps), numbered(other, bare.steps, bare.steps));
}

for (const [surface, request] of [["MCP", overMcp], ["REST", overRest]] as const) {
  Deno.test(`over ${surface}, a waiting claim is answered as if nothing were hidden`, async () => {
    const list = overMcp({ tool: "list_instances", args: {} });
    await answersTo(
      request,
      () => ({ tool: "get_next_task", args: { instance_id: "x", wait_ms: WAIT_MS } }),
      async (world) => (await bytesOf(await world.send("observer", list))).includes(`"id":"x"`),
    );
  });

  Deno.test(`over ${surface}, a wait for events is answered as if nothing were hidden`, async () => {
    await answersTo(
      request,
      ({ steps }) => ({ tool: "wait_for_event", args: { since: String(steps.length), wait_ms: WAIT_MS } }),
      // Whether it waits already or not, it is answered with what comes after `since`.
      () => Promise.resolve(true),
    );
  });
}
