/**
 * The prompts: what a person picks in a client to start planning, working or reviewing. They teach the tools' use.
 */

import { DEFAULT_MAX_WAIT_MS } from "../app/waiting.ts";
import { type GetPromptResult, type Prompt, ProtocolError, ProtocolErrorCode } from "./sdk.ts";

/** A prompt. All its arguments are optional: clients pass one word, or nothing, and a person may have said it already. */
interface PromptDefinition extends Prompt {
  readonly text: (args: Readonly<Record<string, string>>) => string;
}

/** What a worker does first if nobody has given it an id. */
const CHOOSE_ID = "choose an instance_id that no other agent has, like your name and a random word, and keep it;\n   ";

const DEFINITIONS: readonly PromptDefinition[] = [
  {
    name: "plan_work",
    description: "Break a goal down into a graph of tasks that several agents can work on",
    arguments: [{ name: "goal", description: "What shall be achieved, if the conversation has not said it" }],
    text: ({ goal }) =>
      `Plan this work as a graph of tasks that several agents will carry out in parallel:

${goal || "(No goal is given here.)"}

If that does not say what shall be achieved, this conversation may; if it does not either, ask before you go on.

1. Call get_task_status with summary: true, and if there are tasks, list them, so as not to plan anything twice. Call
   list_templates: if a template fits, apply_template with it, and go to step 5.
2. Cut the work into tasks that one agent can finish in one sitting. Describe each so that an agent who knows nothing
   else can do it: what to do, where, how to tell that it is done. Use short, telling ids.
3. Depend only on what is truly needed first, so that much can run in parallel. Let a last task gather the results; where
   not all is needed, use {"any": [...]} or {"at_least": "60%", "of": {"group": "..."}}. Where the way on depends on a
   result, ask for JSON and use {"task": "review", "when": {"pointer": "/verdict", "equals": "changes"}}.
4. Create all of them with one create_tasks call (create_group first, if they belong together). It is all or none: if it
   is refused, mend what the message names. Give locks to tasks that must not run beside each other, timeout_ms to those
   that must not be stranded by a dead worker, a priority to those that cannot wait, capabilities to those that not
   everybody can do.
5. Show the plan in a few lines, with what can start at once.`,
  },
  {
    name: "work_on_tasks",
    description: "Work on tasks, one after the other, until none is left",
    arguments: [{
      name: "instance_id",
      description: "The agent's own id, different from every other's; without it, the agent chooses one",
    }],
    text: ({ instance_id }) =>
      `Work on the shared tasks${instance_id ? ` as instance "${instance_id}"` : ""}. Repeat:

0. Once, before all: ${
        instance_id ? "" : CHOOSE_ID
      }if you have roles or special capabilities, say so with register_instance.
1. Call get_next_task with ${
        instance_id ? `instance_id "${instance_id}"` : "your instance_id"
      } and wait_ms ${DEFAULT_MAX_WAIT_MS}. The task is yours alone;
   inputs are the results it builds on, previous is what an earlier attempt left behind. If something is open,
   get_task_details shows any task.
2. Do what the task's description says. If it takes long or leaseUntil is near, call report_progress with a message from
   which somebody else could go on. If an answer names urgent tasks, release_task what can wait and claim the urgent one.
3. Call complete_task with its attempt and a result that says what those who depend on it need to know: decisions, paths,
   findings; as JSON, where the description asks for it. If it can't be done, call fail_task and say why, with retryable:
   true if it may work later. If it turns out to need something first, create that as a task and release_task with it in
   dependencies. If you must stop, call release_task, so that another can take it.
4. If the answer is no_tasks, read its reason: stop when all are finished, at_capacity, draining or superseded; else wait again, and
   if it says blocked or no_match, say so. When you stop for good, call leave if you have registered.`,
  },
  {
    name: "review_progress",
    description: "Report what is done, running and stuck, and what to do about it",
    arguments: [],
    text: () =>
      `Report the progress of the shared tasks:

1. Call get_task_status with summary: true; then list those in_progress, failed, cancelled, blocked and overdue, and
   get_groups and list_instances for an overview.
2. Call get_history to see what happened last, and which running tasks have not moved for long. explain_task tells why a
   task does not move, and what would change that.
3. Say in a few lines: what is done, who works on what, what is stuck and by what.
4. Propose what to do: retry_task what failed for a passing reason, release_task what a dead worker holds, update_task or
   cancel_task what no longer makes sense, update_tasks for many at once. Do none of it without being asked to.`,
  },
];

/** Every prompt, as it is listed. */
export const PROMPTS: readonly Prompt[] = DEFINITIONS.map(({ text: _, ...prompt }) => prompt);

/**
 * A prompt, filled in.
 *
 * @throws ProtocolError if there is no such prompt
 */
export function getPrompt(name: string, args: Readonly<Record<string, string>>): GetPromptResult {
  const definition = DEFINITIONS.find((prompt) => prompt.name === name);
  if (definition === undefined) {
    const names = DEFINITIONS.map((prompt) => prompt.name).join(", ");
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt ${name}: there are ${names}`);
  }
  return {
    ...(definition.description !== undefined && { description: definition.description }),
    messages: [{ role: "user", content: { type: "text", text: definition.text(args) } }],
  };
}
