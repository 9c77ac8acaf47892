/**
 * The work that every client does: it plans four tasks, claims, waits, completes and fails. It relies only on the fields
 * that existing users rely on, and on `attempt` and `inputs`.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Json } from "../support/server.ts";
import type { Calls } from "./calls.ts";

/** The parts of the scenario in their order: the columns of the table. */
export const STEPS = ["plan", "claim", "wait", "complete", "fail", "refusal"] as const;
export type Step = (typeof STEPS)[number];

/** A part of the scenario did not go as it must. */
export class StepError extends Error {
  override readonly name = "StepError";
  readonly step: Step;

  constructor(step: Step, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.step = step;
  }
}

/** `report` waits for the end of `test`. Expressions are JSON text, as they are listed: some clients send nothing else. */
const PLAN = [
  { id: "build", description: "Build it" },
  { id: "test", description: "Test it", dependencies: ["build"] },
  { id: "report", description: "Report", dependencies: ["build", '{"any":["test",{"task":"test","on":"failed"}]}'] },
];
/** For the case that `test` fails. */
const FIX = {
  id: "fix",
  description: "Repair it",
  dependencies: ['{"task":"test","on":"failed"}'],
  priority: "urgent",
};

/** Looks like JSON on purpose: some clients turn such a text into an object. */
const RESULT = '{"verdict":"ok"}';

/** Long enough to be a wait, and far below any client's time-out. */
const WAIT_MS = 200;

/** The status of each task after the scenario. */
export const FINAL_STATUSES: Json = { build: "completed", test: "failed", fix: "completed", report: "completed" };

/**
 * Carries out all steps.
 *
 * @throws StepError that names the first step whose answer is not as it must be
 */
export async function carryOut(client: Calls): Promise<void> {
  const parts: Readonly<Record<Step, () => Promise<void>>> = {
    plan: () => plan(client),
    claim: () => claim(client, "worker-1", "build"),
    wait: () => waitInVain(client),
    complete: () => complete(client, "build", ["test"]),
    fail: () => fail(client),
    refusal: () => beRefused(client),
  };
  for (const step of STEPS) {
    try {
      await parts[step]();
    } catch (error) {
      throw new StepError(step, error);
    }
  }
}

async function plan(client: Calls): Promise<void> {
  assertEquals((await ask(client, "create_tasks", { tasks: PLAN }))["ready"], ["build"]);
  assertEquals((await ask(client, "create_task", FIX))["id"], "fix");
}

async function claim(client: Calls, instance: string, id: string, input?: string): Promise<void> {
  const task = await ask(client, "get_next_task", { instance_id: instance });
  const { status, assignedTo, attempt } = task;
  assertEquals([task["id"], status, assignedTo, attempt], [id, "in_progress", instance, 1]);
  if (input !== undefined) assertStringIncludes(JSON.stringify(task["inputs"]), input);
}

async function waitInVain(client: Calls): Promise<void> {
  const { status } = await ask(client, "get_next_task", { instance_id: "worker-2", wait_ms: WAIT_MS });
  assertEquals(status, "no_tasks");
}

async function complete(client: Calls, id: string, unlocks: readonly string[]): Promise<void> {
  const answer = await ask(client, "complete_task", { task_id: id, instance_id: "worker-1", result: RESULT });
  const completed = answer["completed_task"] as Json;
  const unlocked = answer["unlocked_tasks"] as readonly Json[];
  assertEquals([completed["id"], completed["status"]], [id, "completed"]);
  assertEquals(unlocked.map((task) => task["id"]), unlocks.slice());
}

/** `test` fails, so `fix` and `report` become ready; `fix` is urgent. */
async function fail(client: Calls): Promise<void> {
  await claim(client, "worker-2", "test", "verdict");
  await ask(client, "fail_task", { task_id: "test", instance_id: "worker-2", error: "two tests fail" });
  await claim(client, "worker-1", "fix", "two tests fail");
}

/** What another instance holds cannot be completed, and the model reads why; its holder completes it, and the rest. */
async function beRefused(client: Calls): Promise<void> {
  const stranger = { task_id: "fix", instance_id: "worker-2", result: "mine" };
  const answer = await client.call("complete_task", stranger);
  const told = "error" in answer ? answer.error : answer.text;
  assertStringIncludes(told, "Task fix is not assigned to instance worker-2");
  await complete(client, "fix", []);
  await claim(client, "worker-1", "report");
  await complete(client, "report", []);
}

/** Makes a call that must succeed; resolves to the JSON that the model reads. */
async function ask(client: Calls, tool: string, args: Json): Promise<Json> {
  const answer = await client.call(tool, args);
  assert("text" in answer, `${tool} failed: ${"error" in answer ? answer.error : ""}`);
  try {
    return JSON.parse(answer.text);
  } catch (cause) {
    throw new Error(`${tool} answered no JSON: ${answer.text.slice(0, 500)}`, { cause });
  }
}
