/**
 * The inputs of a claimed task: the results of its dependencies.
 */

import type { Input } from "../messages/commands.ts";
import { MAX_INPUT_CHARACTERS, MAX_INPUTS, MAX_INPUTS_CHARACTERS } from "../model/limits.ts";
import { head } from "../model/text.ts";
import { firstCreated } from "../state/lookup.ts";
import type { Condition, ReadonlyTaskNode } from "../state/state.ts";

/** The results of a task's dependencies, in the order in which it names them, bounded in number and size. */
export function inputsOf(node: ReadonlyTaskNode): { readonly inputs: readonly Input[]; readonly moreInputs: number } {
  const inputs: Input[] = [];
  let moreInputs = 0;
  let characters = 0;
  for (const { task } of sourcesOf(node)) {
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
      result,
      ...(result.length < all.length && { truncated: true }),
    });
    characters += result.length;
  }
  return { inputs, moreInputs };
}

/** Most members of a group whose results are returned, or counted as left out. */
const MAX_SOURCES = 1_000;

/** The ended tasks that a task depends on, each once, with the first `MAX_SOURCES` members of each group. */
export function sourcesOf(node: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  const sources = new Set<ReadonlyTaskNode>(node.dependencies);
  const collect = (condition: Condition): void => {
    if (condition.type === "branch") condition.parts.forEach(collect);
    else if (condition.type === "task") sources.add(condition.source);
    else for (const member of firstCreated(condition.source.members, MAX_SOURCES)) sources.add(member);
  };
  node.conditions.forEach(collect);
  if (node.conditions.length === 0) return sources;
  return new Set(Array.from(sources).filter(({ task }) => task.finishedAt !== undefined));
}
