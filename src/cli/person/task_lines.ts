/** Tasks in words for a person: a claim, all about one task, why it waits. Pure. */

import { inWords, nameSome } from "../../core/model/text.ts";
import type { ShownClaim, ShownDependency, ShownDetails, ShownExplanation, ShownNews, ShownTask } from "./answers.ts";
import { inCommands } from "./wording.ts";

/** Deepest level of dependencies that is shown. */
const MAX_DEPTH = 5;

/** How a task stands: like "ready", "waiting for a, b" or "in_progress by bob". */
export function stateOf(task: ShownTask): string {
  const { status, readiness, waitingFor, limitedBy, delayedUntil, assignedTo } = task;
  if (status === "in_progress") return `in_progress by ${assignedTo}`;
  if (readiness === undefined) return status;
  const why = [
    ...(waitingFor === undefined ? [] : [`for ${nameSome(waitingFor)}`]),
    ...(limitedBy === undefined ? [] : [`by ${nameSome(limitedBy)}`]),
    ...(delayedUntil === undefined ? [] : [`until ${timeOf(delayedUntil)}`]),
  ];
  return [readiness, ...why].join(" ");
}

/** A task that was just claimed, with all that its holder needs. */
export function claimLines(claim: ShownClaim): readonly string[] {
  const { id, you, leaseUntil, description, preamble, inputs = [], previous, notes = [] } = claim;
  const { holding = [], result_must_have: parts = [] } = claim;
  return [
    `${id} is yours (${you})${leaseUntil === undefined ? "" : ` until ${timeOf(leaseUntil)}; note extends that`}`,
    "",
    ...textLines(description),
    ...section("About its group", preamble === undefined ? [] : textLines(preamble)),
    ...section(
      "From the tasks before it",
      inputs.flatMap(({ task, status, result }) =>
        labelled(task + (status === undefined ? "" : ` (${status})`), result)
      ),
    ),
    ...section("The attempt before", previous === undefined ? [] : labelled(previous.outcome, previous.message ?? "")),
    ...section("Notes", notes.flatMap(noteLines)),
    ...section("The result must be JSON with", parts),
    "",
    `When it is done: done ${id} "the result"`,
    ...(holding.length === 0 ? [] : [`You also have ${nameSome(holding.map((task) => task.id))}`]),
    ...newsLines({ ...claim, notes: [] }),
  ];
}

/** All about a task. */
export function detailLines(task: ShownDetails, now: number): readonly string[] {
  const { id, description, dependencies = [], priority, group, refs = {}, progress, kept } = task;
  const { notes = [], pastAttempts = [], createdAt, startedAt, finishedAt } = task;
  const facts = [
    ...(priority === undefined ? [] : [`priority ${priority}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(dependencies.length === 0 ? [] : [`after ${nameSome(dependencies.map(nameDependency))}`]),
    ...(task.overdue === true ? ["overdue"] : []),
  ];
  const times = [
    ...ago("created", createdAt, now),
    ...ago("started", startedAt, now),
    ...ago("ended", finishedAt, now),
    ...(kept === undefined ? [] : [`kept ${kept}`]),
  ];
  return [
    `${id}: ${stateOf(task)}`,
    ...(facts.length === 0 ? [] : [facts.join(", ")]),
    ...(times.length === 0 ? [] : [times.join(", ")]),
    "",
    ...textLines(description),
    ...section("Progress", progress === undefined ? [] : progressLines(progress)),
    ...section("Result", task.result === undefined ? [] : textLines(task.result)),
    ...section("Error", task.error === undefined ? [] : textLines(task.error)),
    ...section("Reason", task.reason === undefined ? [] : textLines(task.reason)),
    ...section("Links", Object.entries(refs).map(([name, value]) => `${name}: ${value}`)),
    ...section(
      "Attempts before",
      pastAttempts.flatMap(({ attempt, outcome, message }) => labelled(`${attempt} ${outcome}`, message ?? "")),
    ),
    ...section("Notes", notes.flatMap(noteLines)),
  ];
}

/** Why a task stands as it does, and what would help. */
export function explanationLines(explanation: ShownExplanation): readonly string[] {
  const { id, status, readiness, why, whatWouldChange, dependencies = [], moreDependencies = 0 } = explanation;
  return [
    `${id} is ${readiness ?? status}. ${inCommands(why)}`,
    ...section("What would change that", whatWouldChange.map(inCommands)),
    ...section("Its dependencies", [
      ...dependencies.flatMap((each) => dependencyLines(each, 0)),
      ...(moreDependencies === 0 ? [] : [`… and ${moreDependencies} more`]),
    ]),
  ];
}

/** What others did to the tasks of the person. */
export function newsLines({ notes = [], lost_tasks: lost = [], cancelled_tasks: cancelled = [] }: ShownNews) {
  return [
    ...notes.flatMap(({ task, ...note }) =>
      noteLines(note).map((line) => (task === undefined ? line : `${task}: ${line}`))
    ),
    ...(lost.length === 0 ? [] : [`You lost ${nameSome(lost)}: you did not call in time`]),
    ...cancelled.map(({ id, by, reason }) =>
      `${id} was cancelled by ${by}${reason === undefined ? "" : `: ${reason}`}`
    ),
  ];
}

function dependencyLines(dependency: ShownDependency, depth: number): readonly string[] {
  const { dependency: name, verdict, state, need, of = [], more = 0 } = dependency;
  const indent = "  ".repeat(depth);
  const wanted = need === undefined ? "" : `, ${need} needed`;
  const parts = depth === MAX_DEPTH ? [] : of.flatMap((part) => dependencyLines(part, depth + 1));
  return [
    `${indent}${VERDICTS[verdict] ?? verdict}: ${name}${state === undefined ? "" : ` (${state})`}${wanted}`,
    ...parts,
    ...(more === 0 ? [] : [`${indent}  … and ${more} more`]),
  ];
}

/** The verdicts on dependencies, in words. */
const VERDICTS: Readonly<Record<string, string>> = {
  true: "met",
  blocked: "cannot be met now",
  not_taken: "not taken",
};

/** A heading and indented lines below it; nothing if there are none. */
function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${heading}:`, ...lines.map((line) => `  ${line}`)];
}

/** A text after its label; further lines of the text are indented. */
function labelled(label: string, text: string): readonly string[] {
  const [first = "", ...rest] = textLines(text);
  return [first === "" ? label : `${label}: ${first}`, ...rest.map((line) => `  ${line}`)];
}

/** A time in ISO 8601, to the minute. */
function timeOf(time: string): string {
  return time.replace(/^(\S+)T(\d\d:\d\d)\S*Z$/, "$1 $2 UTC");
}

function textLines(text: string): readonly string[] {
  return text.trimEnd().split(/\r\n|\r|\n/);
}

function noteLines({ author, at, text }: NonNullable<ShownNews["notes"]>[number]): readonly string[] {
  return labelled(`${timeOf(at)} ${author}`, text);
}

function progressLines({ percent, message }: NonNullable<ShownTask["progress"]>): readonly string[] {
  return percent === undefined ? textLines(message ?? "") : labelled(`${percent} %`, message ?? "");
}

function nameDependency(dependency: unknown): string {
  return typeof dependency === "string" ? dependency : JSON.stringify(dependency);
}

function ago(what: string, time: string | undefined, now: number): readonly string[] {
  return time === undefined ? [] : [`${what} ${inWords(Math.max(0, now - Date.parse(time)))} ago`];
}
