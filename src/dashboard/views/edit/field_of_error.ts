/** At which field of the form a refusal of the server belongs. */

import type { ApiError } from "../../api/client.ts";
import type { DraftField } from "./task_draft.ts";

const BY_CODE: Readonly<Record<string, DraftField>> = {
  already_exists: "id",
  cycle: "dependencies",
  dependency_not_found: "dependencies",
};

/** Words with which messages begin, or name the parameter, in the order in which they are looked for. */
const BY_WORDS: readonly (readonly [words: RegExp, field: DraftField])[] = [
  [/\bnot_by\b/, "notBy"],
  [/^(Dependency|Dependencies|A dependency)\b|: dependencies\b/, "dependencies"],
  [/^Task id\b|: id\b/, "id"],
  [/^Description\b/, "description"],
  [/^Group\b/, "group"],
  [/^Priority\b|: priority\b/, "priority"],
  [/^Capability\b|\(capability\)/, "capabilities"],
  [/^Lock\b|\(lock\)/, "locks"],
  [/^Reference\b|^refs\b/, "refs"],
  [/\bfallback_ms\b/, "fallback"],
  [/^estimate_ms\b/, "estimate"],
  [/^timeout_ms\b/, "timeout"],
  [/^max_attempts\b/, "maxAttempts"],
  [/^not_before\b/, "notBefore"],
  [/^deadline\b/, "deadline"],
  [/^(assign_to|Instance)\b/, "assignee"],
  [/^Role\b/, "role"],
];

/** The field, or undefined if the refusal is about the task as a whole. */
export function fieldOfError(
  { code, message, data }: Pick<ApiError, "code" | "message" | "data">,
): DraftField | undefined {
  if (/\bin not_by\b/.test(message)) return "notBy";
  if (code === "not_found") return data["group"] === undefined ? undefined : "group";
  return BY_CODE[code ?? ""] ?? BY_WORDS.find(([words]) => words.test(message))?.[1];
}
