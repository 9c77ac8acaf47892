/** What waiting dependents ask of a task's result. */

import { isDecidable, type ResultCondition } from "../model/dependency.ts";
import type { JsonValue } from "../model/result.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { take } from "../model/text.ts";
import type { ReadonlyTaskNode } from "./state.ts";

/** A condition on the result of a task, and the task that waits for it. */
export interface ResultNeed {
  readonly when: ResultCondition;
  readonly dependent: string;
}

/** The JSON Pointers that the result must have for its dependents to go on, each once (the first few). */
export function pointersNeeded(node: ReadonlyTaskNode): readonly string[] {
  const pointers = new Set<string>();
  for (const { when: { pointer = "", exists } } of take(needsOf(node), MAX_SCANNED)) {
    if (pointer !== "" && exists === undefined) pointers.add(pointer);
  }
  return [...pointers].slice(0, MAX_NAMED);
}

/** What dependents ask for and a value does not tell (the first few). */
export function undecidedBy(node: ReadonlyTaskNode, value: () => JsonValue): readonly ResultNeed[] {
  const undecided = function* () {
    let known: JsonValue | undefined;
    for (const need of needsOf(node)) if (!isDecidable(known ??= value(), need.when)) yield need;
  };
  return take(undecided(), MAX_NAMED);
}

function* needsOf({ subscribers }: ReadonlyTaskNode): Iterable<ResultNeed> {
  for (const { when, root: { task, standing } } of subscribers) {
    const isWaiting = standing === "waiting" || standing === "blocked";
    if (when !== undefined && isWaiting) yield { when, dependent: task.id };
  }
}
