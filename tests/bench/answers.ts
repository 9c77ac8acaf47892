/**
 * What a plan costs in the contexts of its agents: the bytes of all answers to three instances that work through twenty
 * tasks, beside the descriptions and inputs that they need anyway.
 */

import { connect, type Connected } from "../support/connected.ts";
import { rounds } from "../support/rounds.ts";
import type { Json } from "../support/server.ts";
import type { Benchmark } from "./row.ts";

const TASKS = 20;
const INSTANCES = ["planner", "worker-1", "worker-2"];
const DESCRIPTION_CHARACTERS = 900;
const RESULT_CHARACTERS = 400;

/** Most bytes of answers a task. */
export const MAX_ANSWER_BYTES = 900;

export const answers: Benchmark = async () => [{
  name: "answers to a plan, a task",
  value: Math.round(await answerBytesPerTask()),
  unit: "bytes",
  target: { of: "value", is: "at most", bound: MAX_ANSWER_BYTES },
}];

/** The bytes of answers for each task of a plan that is worked through, without descriptions and inputs of claims. */
export async function answerBytesPerTask(): Promise<number> {
  await using server = await connect();
  let bytes = 0;
  const ask = async (tool: string, args: Json) => {
    const { json, size } = await answerOf(server, tool, args);
    bytes += size;
    return json;
  };
  await ask("create_tasks", { tasks: plan() });
  let completed = 0;
  for (const _ of rounds("the plan", TASKS)) {
    // All claim before one of them completes, so some find nothing ready.
    const claims: { readonly instance_id: string; readonly task: Json }[] = [];
    for (const instance_id of INSTANCES) {
      const task = await ask("get_next_task", { instance_id });
      if (task["status"] !== "no_tasks") claims.push({ instance_id, task });
      bytes -= neededBytes(task);
    }
    for (const { instance_id, task: { id: task_id, attempt } } of claims) {
      const holder = { task_id, instance_id, attempt };
      await ask("report_progress", { ...holder, percent: 50, message: textOf("The tests are written", 60) });
      await ask("complete_task", { ...holder, result: textOf(`What ${task_id} found`, RESULT_CHARACTERS) });
      completed++;
    }
    if (completed === TASKS) return bytes / TASKS;
  }
  throw new Error(`Only ${completed} of ${TASKS} tasks were completed`);
}

/** Four layers of five tasks; each needs two of the layer before. */
function plan(): readonly Json[] {
  return Array.from({ length: TASKS }, (_, index) => ({
    id: `task-${index}`,
    description: textOf(`Implement part ${index}`, DESCRIPTION_CHARACTERS),
    dependencies: index < 5 ? [] : [`task-${index - 5}`, `task-${5 * Math.floor(index / 5) - 5 + (index + 1) % 5}`],
  }));
}

function textOf(start: string, characters: number): string {
  return start.padEnd(characters, " and say what it does");
}

/** What a client hands to a model of an answer: its texts; structured content repeats them. */
async function answerOf(server: Connected, tool: string, args: Json): Promise<{ json: Json; size: number }> {
  const { isError, content } = await server.call(tool, args);
  const texts = content.map((part) => part.type === "text" ? part.text : "");
  if (isError === true) throw new Error(`${tool} was refused: ${texts.join(" ")}`);
  return { json: JSON.parse(texts[0] ?? ""), size: texts.reduce((sum, text) => sum + bytesOf(text), 0) };
}

/** The bytes of a claim that the worker needs to do the task. */
function neededBytes({ description, inputs }: Json): number {
  return [description, inputs].reduce<number>((sum, part) => {
    return sum + (part === undefined ? 0 : bytesOf(JSON.stringify(part)));
  }, 0);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
