/**
 * Shows that what is hidden is not there for callers with audiences, over every surface of the service: random plans are
 * carried out twice, with and without hidden groups and all that is done in them, and the callers get the same bytes from
 * every tool, resource and completion of MCP, every route of REST, streams of events, and subscriptions. `numbered` is all
 * that is made equal before; what is told all the same (docs/access.md) is kept out of the plans.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command } from "../../../src/core/messages/commands.ts";
import { UNSEEN } from "../../../src/core/state/sight.ts";
import { HIDDEN, HIDDEN_START, hiddenCommand, START } from "../../core/hidden_plan.ts";
import { claim, complete, create, newTask } from "../../core/given.ts";
import type { Json } from "../../support/server.ts";
import { follow, LAST_TASK } from "./follow.ts";
import { plannerCall, type ToolCall } from "./planner_calls.ts";
import { allLooks, overMcp, overRest, pageOf } from "./views.ts";
import { bytesOf, numbered, startWorld, type Viewer, type ViewerRequest, type World } from "./world.ts";

/** To shrink a plan would take minutes. The seed that a failure prints repeats it. */
const AT_ONCE = { endOnFailure: true };

/** Hidden tasks that can be claimed at once. */
const HIDDEN_READY = create(...["i", "j"].map((id) => ({ ...newTask(id), description: "secret", group: "qg" })));

const VIEWERS: readonly Viewer[] = ["planner", "observer"];

type Surface = "mcp" | "rest";

/** A task and its holder. */
type Held = Awaited<ReturnType<World["held"]>>[number];

/** What happens next: a command of the operator in hidden groups, or a call of the planner. */
type Act =
  & (
    | { readonly hidden: Command }
    | { readonly call: ToolCall; readonly surface: Surface }
  )
  & {
    readonly waitMs: number;
    /** If the act is about a task of an instance: one that an instance holds, if there is one. */
    readonly pick: number | undefined;
  };

function acts(): fc.Arbitrary<readonly Act[]> {
  const waitMs = fc.constantFrom(0, 0, 0, 1, 3);
  const pick = fc.option(fc.nat(), { freq: 4, nil: undefined });
  const hidden = fc.oneof(
    { weight: 3, arbitrary: hiddenCommand(["x", "z"]) },
    // Without these, few hidden tasks would end by their holder.
    { weight: 1, arbitrary: fc.constantFrom<Command[]>({ ...claim("z"), group: "qg" }, complete("z", "h")) },
  );
  const surface = fc.constantFrom("mcp" as const, "rest" as const);
  return fc.array(
    fc.oneof(
      fc.record({ waitMs, pick, hidden }),
      fc.record({ waitMs, pick, call: plannerCall(), surface }),
    ),
    { minLength: 30, maxLength: 60, size: "max" },
  );
}

/** A plan in which something of each kind is done, each time with effect. */
const ONE_OF_EACH: readonly Act[] = [
  hiddenAct({ type: "claim_task", instance: "z", group: "qg" }),
  callAct("create_task", { id: "e", description: "s", group: "pg" }),
  callAct("get_next_task", { instance_id: "x" }),
  hiddenAct({ type: "add_note", id: "i", text: "secret" }),
  callAct("complete_task", { task_id: "a", instance_id: "x", result: `{"a":1}` }),
  hiddenAct({ type: "complete_task", id: "i", instance: "z", result: "done" }),
  callAct("update_task", { task_id: "e", description: "t" }),
  callAct("add_note", { task_id: "e", text: "s" }),
  hiddenAct(create({ ...newTask("k"), description: "secret", group: "qh" })),
  callAct("get_next_task", { instance_id: "y" }),
  callAct("release_task", { task_id: "b", instance_id: "y" }),
  hiddenAct({ type: "archive_tasks", filter: { group: "qg" } }),
  callAct("cancel_task", { task_id: "e", reason: "s" }),
  hiddenAct({ type: "cancel_task", id: "k" }),
];

function hiddenAct(hidden: Command): Act {
  return { hidden, waitMs: 1, pick: 0 };
}

function callAct(tool: string, args: Json): Act {
  return { call: { tool, args }, surface: "mcp", waitMs: 1, pick: 0 };
}

Deno.test("callers with audiences get the same bytes from every surface, whatever is done in hidden groups", async () => {
  await fc.assert(fc.asyncProperty(acts(), (acts) => compare(acts)), { numRuns: 6, ...AT_ONCE });
});

Deno.test("callers with audiences get the same bytes of a plan in which callers and operators do something of each kind", async () => {
  const done = new Set<string>();
  await compare(ONE_OF_EACH, (type, isDone) => {
    if (isDone) done.add(type);
  });
  const expected = ONE_OF_EACH.map((act) => "hidden" in act ? `hidden ${act.hidden.type}` : act.call.tool);
  assertEquals(expected.filter((type) => !done.has(type)), [], "these were never done");
});

/**
 * Carries acts out with and without what is hidden, and compares what the callers are answered and can see.
 *
 * @param reached is told the type of each act, and whether it did something
 */
async function compare(acts: readonly Act[], reached?: (type: string, isDone: boolean) => void): Promise<void> {
  await using full = await startWorld();
  await using bare = await startWorld();
  const worlds = [full, bare];
  const same = (a: string, b: string, what: string) => {
    assertEquals(numbered(a, full.steps, bare.steps), numbered(b, bare.steps, bare.steps), what);
  };
  for (const command of START) for (const world of worlds) assert(await world.operate(command));
  for (const command of [...HIDDEN_START, HIDDEN_READY]) assert(await full.operate(command));
  for (const world of worlds) await world.wait(0);
  const followed = await Promise.all(VIEWERS.map((viewer) => {
    return Promise.all([follow(full, viewer), follow(bare, viewer)]);
  }));
  for (const act of acts) {
    for (const world of worlds) await world.wait(act.waitMs);
    const held = (await full.held()).filter(({ id }) => HIDDEN.includes(id) === "hidden" in act);
    const one = act.pick === undefined ? undefined : held[act.pick % held.length];
    if ("hidden" in act) reached?.(`hidden ${act.hidden.type}`, await full.operate(steeredCommand(act.hidden, one)));
    else await call(steeredCall(act.call, one), act.surface);
    for (const world of worlds) await world.endStep();
  }
  for (const viewer of VIEWERS) {
    for (const request of allLooks(viewer === "planner" ? "mcp" : "rest")) {
      same(await textOf(full, viewer, request), await textOf(bare, viewer, request), JSON.stringify(request));
    }
    for (const more of [{}, { text: "s" }]) {
      same(await pages(full, viewer, more), await pages(bare, viewer, more), "pages");
    }
  }
  for (const world of worlds) {
    // An act may have deleted the group.
    await world.operate({ type: "create_group", id: "pg", settings: { visibleTo: ["p", "q"] } });
    assert(await world.operate(create({ ...newTask(LAST_TASK), group: "pg" })));
    await world.endStep();
  }
  for (const [one, other] of followed) {
    const [told, expected] = [await one.end(), await other.end()];
    for (const [index, text] of told.entries()) same(text, expected[index] ?? "", `stream ${index}`);
  }
  for (const world of worlds) assertEquals(world.log.errors, []);

  async function call(call: ToolCall, surface: Surface): Promise<void> {
    const request = surface === "mcp" ? overMcp(call) : overRest(call);
    const answer = await textOf(full, "planner", request);
    // It was refused, and the refusal tells that something hidden is the reason.
    if (answer.includes(UNSEEN)) return;
    const expected = await bare.send("planner", request);
    const isDone = expected.ok && !answer.includes(`"isError":true`);
    same(answer, await bytesOf(expected), JSON.stringify(call));
    reached?.(call.tool, isDone);
  }
}

/** The command about a task that an instance holds, if it is one about such a task. */
function steeredCommand(command: Command, one: Held | undefined): Command {
  if (one === undefined || !("instance" in command && "id" in command) || command.type === "claim_task") return command;
  return { ...command, ...one } as Command;
}

/** The same of a call. */
function steeredCall({ tool, args }: ToolCall, one: Held | undefined): ToolCall {
  const isByHolder = "task_id" in args && "instance_id" in args && tool !== "get_next_task";
  return { tool, args: one && isByHolder ? { ...args, task_id: one.id, instance_id: one.instance } : args };
}

async function textOf(world: World, viewer: Viewer, request: ViewerRequest): Promise<string> {
  return await bytesOf(await world.send(viewer, request));
}

/** All pages of a list, of two tasks each. */
async function pages(world: World, viewer: Viewer, more: Json): Promise<string> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    all.push(await textOf(world, viewer, pageOf(more, cursor)));
    cursor = /"next_cursor":"([^"]+)"/.exec(all.at(-1) ?? "")?.[1];
  } while (cursor !== undefined && all.length < 100);
  return all.join("\n");
}
