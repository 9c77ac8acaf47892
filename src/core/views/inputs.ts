/**
 * The inputs of a claimed task: the results of its dependencies.
 */

import type { ClaimInputs, Input } from "../messages/commands.ts";
import { TRUTH_TABLE } from "../model/dependency.ts";
import type { Group } from "../model/group.ts";
import { MAX_INPUT_CHARACTERS, MAX_INPUTS, MAX_INPUTS_CHARACTERS } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { head } from "../model/text.ts";
import { countArchived } from "../state/group_counts.ts";
import { firstCreated } from "../state/lookup.ts";
import type { Condition, ReadonlyTaskNode } from "../state/state.ts";

/**
 * The results of a task's dependencies, bounded in number and size: in the order in which it names them, those that did
 * not count last.
 */
export function inputsOf(node: ReadonlyTaskNode): ClaimInputs {
  const inputs: Input[] = [];
  let moreInputs = 0;
  let characters = 0;
  const sources = sourcesOf(node);
  for (const [{ task }, counted] of [...sources].sort(([, a], [, b]) => Number(b) - Number(a))) {
    const room = Math.min(MAX_INPUT_CHARACTERS, MAX_INPUTS_CHARACTERS - characters);
    if (inputs.length === MAX_INPUTS || room <= 0) {
      moreInputs++;
      continue;
    }
    const all = task.result ?? task.error ?? task.reason ?? "";
    const result = head(all, room);
    inputs.push({
      task: task.id,
      ...(task.status !== "completed" && { status: task.status }),
      ...holderAtEnd(task),
      ...(!counted && { counted }),
      result,
      ...(result.length < all.length && { truncated: true }),
    });
    characters += result.length;
  }
  const archivedInputs = countArchivedInputs(node);
  return { inputs, moreInputs, ...(archivedInputs > 0 && { archivedInputs }) };
}

/** How many archived tasks are in the groups that a task depends on. Their results are in the history only. */
function countArchivedInputs(node: ReadonlyTaskNode): number {
  const groups = new Set<Group>();
  const collect = (condition: Condition): void => {
    if (condition.type === "branch") condition.parts.forEach(collect);
    else if (condition.type === "group") groups.add(condition.source.group);
  };
  node.conditions.forEach(collect);
  return groups.values().reduce((sum, group) => sum + countArchived(group), 0);
}

/** Most members of a group whose results are returned, or counted as left out. */
const MAX_SOURCES = 1_000;

/** The instance that completed a task, or had it when it failed. Other ends are not the work of a holder. */
function holderAtEnd({ status, assignedTo }: Task): Pick<Input, "by"> {
  return assignedTo !== undefined && (status === "completed" || status === "failed") ? { by: assignedTo } : {};
}

/**
 * The ended tasks that a task depends on, each once, with the first `MAX_SOURCES` members of each group, and whether they
 * counted: a task inside an expression counts if its own condition and all branches above it are true.
 */
function sourcesOf(node: ReadonlyTaskNode): ReadonlyMap<ReadonlyTaskNode, boolean> {
  const sources = new Map<ReadonlyTaskNode, boolean>(node.dependencies.map((source) => [source, true]));
  const note = (source: ReadonlyTaskNode, counted: boolean) => {
    sources.set(source, counted || sources.get(source) === true);
  };
  const collect = (condition: Condition, isWithinTrue: boolean): void => {
    const counted = isWithinTrue && condition.verdict === "true";
    if (condition.type === "branch") { for (const part of condition.parts) collect(part, counted); }
    else if (condition.type === "task") note(condition.source, counted);
    else {
      for (const member of firstCreated(condition.source.members, MAX_SOURCES)) {
        note(member, counted && TRUTH_TABLE[condition.on][member.task.status] === "true");
      }
    }
  };
  for (const condition of node.conditions) collect(condition, true);
  if (node.conditions.length === 0) return sources;
  return new Map(Array.from(sources).filter(([{ task }]) => task.finishedAt !== undefined));
}
