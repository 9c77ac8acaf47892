/**
 * The prompts: what a person picks in a client to start planning, working or reviewing. They teach the tools' use.
 */

import { ProtocolError } from "./protocol_error.ts";
import { ErrorCode, type GetPromptResult, type Prompt } from "./sdk.ts";

interface PromptDefinition extends Prompt {
  readonly text: (args: Readonly<Record<string, string>>) => string;
}

const DEFINITIONS: readonly PromptDefinition[] = [
  {
    name: "plan_work",
    description: "Break a goal down into a graph of tasks that several agents can work on",
    arguments: [{ name: "goal", description: "What shall be achieved", required: true }],
    text: ({ goal }) =>
      `Plan this work as a graph of tasks that several agents will carry out in parallel:

${goal}

1. Call get_task_status with summary: true, and if there are tasks, list them, so as not to plan anything twice.
2. Cut the work into tasks that one agent can finish in one sitting. Describe each so that an agent who knows nothing
   else can do it: what to do, where, how to tell that it is done. Use short, telling ids.
3. Depend only on what is truly needed first, so that much can run in parallel. Let a last task gather the results.
4. Create all of them with one create_tasks call. It is all or none: if it is refused, mend what the message names.
5. Show the plan in a few lines, with what can start at once.`,
  },
  {
    name: "work_on_tasks",
    description: "Work on tasks, one after the other, until none is left",
    arguments: [{
      name: "instance_id",
      description: "Your own id, different from every other agent's",
      required: true,
    }],
    text: ({ instance_id }) =>
      `Work on the shared tasks as instance "${instance_id}". Repeat:

1. Call get_next_task with instance_id "${instance_id}". The task is yours alone; inputs are the results it builds on.
   If its description and inputs leave something open, get_task_details shows the whole of any task.
2. Do what the task's description says.
3. Call complete_task with a result that says what those who depend on it need to know: decisions, paths, findings.
   If it can't be done, call fail_task and say why. If you must stop, call release_task, so that another can take it.
4. If the answer is no_tasks, read its message: stop when all are finished; if others are still running, wait a little
   and ask again; if tasks are blocked, say by what.`,
  },
  {
    name: "review_progress",
    description: "Report what is done, running and stuck, and what to do about it",
    arguments: [],
    text: () =>
      `Report the progress of the shared tasks:

1. Call get_task_status with summary: true; then list those in_progress, failed, cancelled and blocked.
2. Call get_history to see what happened last, and which running tasks have not moved for long.
3. Say in a few lines: what is done, who works on what, what is stuck and by what.
4. Propose what to do: retry_task what failed for a passing reason, release_task what a dead worker holds, update_task or
   cancel_task what no longer makes sense. Do none of it without being asked to.`,
  },
];

/** Every prompt, as it is listed. */
export const PROMPTS: readonly Prompt[] = DEFINITIONS.map(({ text: _, ...prompt }) => prompt);

/**
 * A prompt, filled in.
 *
 * @throws ProtocolError if there is no such prompt, or an argument is missing
 */
export function getPrompt(name: string, args: Readonly<Record<string, string>>): GetPromptResult {
  const definition = DEFINITIONS.find((prompt) => prompt.name === name);
  if (definition === undefined) {
    const names = DEFINITIONS.map((prompt) => prompt.name).join(", ");
    throw new ProtocolError(ErrorCode.InvalidParams, `Unknown prompt ${name}: there are ${names}`);
  }
  const missing = definition.arguments?.find((argument) => argument.required === true && !args[argument.name]);
  if (missing !== undefined) {
    throw new ProtocolError(ErrorCode.InvalidParams, `Prompt ${name} needs the argument ${missing.name}`);
  }
  return {
    ...(definition.description !== undefined && { description: definition.description }),
    messages: [{ role: "user", content: { type: "text", text: definition.text(args) } }],
  };
}
