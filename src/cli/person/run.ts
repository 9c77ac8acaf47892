/** Carries out the commands of a person. Each prints its result and returns the exit code. */

import { Refusal } from "../../core/model/refusal.ts";
import { nameSome } from "../../core/model/text.ts";
import { visible } from "../commands.ts";
import {
  cancelledSchema,
  claimedSchema,
  completedSchema,
  detailsSchema,
  explanationSchema,
  noTasksSchema,
  notedSchema,
  repeatedSchema,
  retriedSchema,
  taskSchema,
} from "./answers.ts";
import { type NewTask, NO_TASK, type PersonCommand, type PersonParts } from "./command.ts";
import { idsFrom } from "./new_id.ts";
import { nearestIds } from "./task_ids.ts";
import { claimLines, detailLines, explanationLines, newsLines, stateOf } from "./task_lines.ts";
import { inCommands } from "./wording.ts";

/** Most ids that are tried for a new task, if the first ones are taken. */
const MAX_ID_TRIES = 1_000;

/** Carries out a command. A refusal names commands, and tasks that a misspelt id may mean. */
export async function runPerson(command: PersonCommand, parts: PersonParts): Promise<number> {
  try {
    return await run(command, parts);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, data } = error;
    const unknown = code === "not_found" || code === "dependency_not_found" ? data["id"] : undefined;
    const near = typeof unknown === "string" ? await nearestIds(parts.call, unknown) : [];
    const meant = near.length === 0 ? "" : `. Did you mean ${near.join(" or ")}?`;
    throw new Refusal(code, inCommands(message) + meant, near.length === 0 ? data : { ...data, nearest: near });
  }
}

async function run(command: PersonCommand, parts: PersonParts): Promise<number> {
  const { call } = parts;
  switch (command.type) {
    case "add":
      return await add(command, parts);
    case "next":
      return await next(command, parts);
    case "done": {
      const answer = await call("complete_task", { task_id: command.id, result: command.result });
      return print(answer, doneLines, parts);
    }
    case "note":
      return print(await call("add_note", { task_id: command.id, text: command.text }), noteLines, parts);
    case "retry":
      return print(await call("retry_task", { task_id: command.id }), retryLines, parts);
    case "cancel": {
      const { id, reason } = command;
      const answer = await call("cancel_task", { task_id: id, ...(reason !== undefined && { reason }) });
      return print(answer, cancelLines, parts);
    }
    case "show":
      return print(await call("get_task_details", { task_id: command.id }), showLines, parts);
    case "why":
      return print(await call("explain_task", { task_id: command.id }), whyLines, parts);
    default:
      return command satisfies never;
  }
}

/** The answer of a tool. */
type Answer = Readonly<Record<string, unknown>>;

/** Prints an answer as lines for a person, or as it is. */
function print(answer: Answer, linesOf: (answer: Answer) => readonly string[], parts: PersonParts): number {
  const { terminal, json } = parts;
  if (json) terminal.print(JSON.stringify(answer));
  else for (const line of repeatedLines(answer) ?? linesOf(answer)) terminal.print(visible(line));
  return 0;
}

/** The lines for a call that was carried out, but whose answer was lost; undefined for any other answer. */
function repeatedLines(answer: Answer): readonly string[] | undefined {
  const { data } = repeatedSchema.safeParse(answer);
  return data && [
    ...data.tasks.map((task) => `${task.id} is ${stateOf(task)}`),
    "The service did this, but its answer was lost. show has all about a task",
  ];
}

async function add(task: NewTask, parts: PersonParts): Promise<number> {
  // A variable of a shell script may be empty.
  if (task.text.trim() === "") {
    throw new Refusal("invalid_value", "Cannot add a task without a text: say what is to be done");
  }
  return print(await create(task, parts), (answer) => {
    const created = taskSchema.parse(answer);
    return [`${created.id} is ${stateOf(created)}`];
  }, parts);
}

/** Creates a task, with the first free one of the ids for its text unless an id is given. */
async function create(task: NewTask, { call }: PersonParts): Promise<Answer> {
  const { text, id, after, priority, group } = task;
  const settings = {
    description: text,
    ...(after.length > 0 && { dependencies: after }),
    ...(priority !== undefined && { priority }),
    ...(group !== undefined && { group }),
  };
  if (id !== undefined) return await call("create_task", { id, ...settings });
  for (const each of idsFrom(text, MAX_ID_TRIES)) {
    try {
      return await call("create_task", { id: each, ...settings });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "already_exists") throw error;
    }
  }
  throw new Refusal(
    "already_exists",
    `Cannot make an id of this text as ${MAX_ID_TRIES} tasks have such ids: give another one with --id`,
  );
}

async function next(
  { id, group }: Extract<PersonCommand, { type: "next" }>,
  parts: PersonParts,
): Promise<number> {
  const answer = await parts.call("get_next_task", {
    ...(id !== undefined && { task_id: id }),
    ...(group !== undefined && { group }),
  });
  const { data: none } = noTasksSchema.safeParse(answer);
  if (none === undefined) return print(answer, (claim) => claimLines(claimedSchema.parse(claim)), parts);
  const { message, holding = [], you } = none;
  const held = holding.map((task) => task.id);
  const lines = [
    inCommands(message),
    ...(held.length === 0 ? [] : [`You (${you}) have ${nameSome(held)}: done, or note what is missing`]),
    ...newsLines(none),
  ];
  print(answer, () => lines, parts);
  return NO_TASK;
}

function doneLines(answer: Answer): readonly string[] {
  const done = completedSchema.parse(answer);
  const { completed_task: { id }, unlocked_tasks: unlocked, skipped_tasks: skipped = [] } = done;
  const named = (tasks: readonly { readonly id: string }[], count = tasks.length) =>
    nameSome(tasks.map((task) => task.id), count);
  return [
    `${id} is completed`,
    ...(unlocked.length === 0 ? [] : [`Now ready: ${named(unlocked, done.unlocked_count)}`]),
    ...(skipped.length === 0 ? [] : [`Skipped, as it went another way: ${named(skipped, done.skipped_count)}`]),
    ...newsLines(done),
  ];
}

function noteLines(answer: Answer): readonly string[] {
  const { id, assignedTo } = notedSchema.parse(answer);
  return [`Noted on ${id}${assignedTo === undefined ? "" : `, which ${assignedTo} has`}`];
}

function retryLines(answer: Answer): readonly string[] {
  const { started_dependents: started = [], started_count: count = 0, ...task } = retriedSchema.parse(answer);
  return [
    `${task.id} is ${stateOf(task)}`,
    ...(started.length === 0
      ? []
      : [`What depends on it has begun, and goes on: ${nameSome(started.map(({ id }) => id), count)}`]),
  ];
}

function cancelLines(answer: Answer): readonly string[] {
  const { id, note } = cancelledSchema.parse(answer);
  return [`${id} is cancelled. What depends on it waits until retry ${id}`, ...(note === undefined ? [] : [note])];
}

function showLines(answer: Answer): readonly string[] {
  return detailLines(detailsSchema.parse(answer), Date.now());
}

function whyLines(answer: Answer): readonly string[] {
  return explanationLines(explanationSchema.parse(answer));
}
