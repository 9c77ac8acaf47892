/**
 * What waiting dependents ask of a task's result. Those that the caller does not see ask nothing: what they need must not
 * be told, so a result that they cannot read blocks them.
 */

import { isDecidable, type ResultCondition } from "../model/dependency.ts";
import type { JsonValue } from "../model/result.ts";
import { MAX_NAMED, MAX_SCANNED } from "../model/limits.ts";
import { take } from "../model/text.ts";
import { sees } from "./sight.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/** A condition on the result of a task, and the task that waits for it. */
export interface ResultNeed {
  readonly when: ResultCondition;
  readonly dependent: string;
}

/** The JSON Pointers that the result must have for its dependents to go on, each once (the first few). */
export function pointersNeeded(state: Pick<ReadonlyState, "sight">, node: ReadonlyTaskNode): readonly string[] {
  const pointers = new Set<string>();
  for (const { when: { pointer = "", exists } } of take(needsOf(state, node), MAX_SCANNED)) {
    if (pointer !== "" && exists === undefined) pointers.add(pointer);
  }
  return [...pointers].slice(0, MAX_NAMED);
}

/** What dependents ask for and a value does not tell (the first few). */
export function undecidedBy(
  state: Pick<ReadonlyState, "sight">,
  node: ReadonlyTaskNode,
  value: () => JsonValue,
): readonly ResultNeed[] {
  const undecided = function* () {
    let known: JsonValue | undefined;
    for (const need of needsOf(state, node)) if (!isDecidable(known ??= value(), need.when)) yield need;
  };
  return take(undecided(), MAX_NAMED);
}

function* needsOf(state: Pick<ReadonlyState, "sight">, { subscribers }: ReadonlyTaskNode): Iterable<ResultNeed> {
  for (const { when, root } of subscribers) {
    const { task, standing } = root;
    const isWaiting = standing === "waiting" || standing === "blocked";
    if (when !== undefined && isWaiting && sees(state, root)) yield { when, dependent: task.id };
  }
}
