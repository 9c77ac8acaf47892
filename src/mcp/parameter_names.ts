/**
 * What an unknown name among the arguments of a call is: something that a client adds to every call, or a parameter
 * written in another way. It must never guess for the caller: a name that resembles a parameter is refused, not taken.
 */

import leven from "leven";

/**
 * Parameters that clients are known to add to calls, in snake_case: Gemini CLI and Qwen Code (`wait_for_previous`),
 * Antigravity and Windsurf (`waitForPreviousTools`, `toolAction`, `toolSummary`), Cline (`task_progress`), n8n
 * (`toolCallId`, `sessionId`, `action`, `chatInput`, `tool`), Sage (`session_id`, `user_id`), Cursor (`random_string`).
 */
const INJECTED: ReadonlySet<string> = new Set([
  "action",
  "chat_input",
  "random_string",
  "session_id",
  "task_progress",
  "tool",
  "tool_action",
  "tool_call_id",
  "tool_summary",
  "user_id",
  "wait_for_previous",
  "wait_for_previous_tools",
]);

/** Longest name that is compared with those of parameters, in characters. */
const MAX_COMPARED_CHARACTERS = 64;

/** From so many characters on, a name may be one or two characters off. */
const MIN_ONE_OFF_CHARACTERS = 4;
const MIN_TWO_OFF_CHARACTERS = 6;

/** A name that begins with as many characters as this like a parameter, or is a beginning of one, means that. */
const MIN_STEM_CHARACTERS = 3;
const STEM_CHARACTERS = 6;

/** Whether a parameter that a tool does not have comes from the client, not from whoever calls. */
export function isInjected(name: string): boolean {
  return name.startsWith("_") || INJECTED.has(snakeCase(name));
}

/** The one of the names that another resembles: misspelt, singular for plural, abbreviated, or in camelCase. */
export function meantBy(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_COMPARED_CHARACTERS) return undefined;
  const [closest] = names
    .map((candidate) => ({ candidate, distance: distanceOf(simplified(name), simplified(candidate)) }))
    .toSorted((one, other) => one.distance - other.distance);
  return closest !== undefined && closest.distance < Infinity ? closest.candidate : undefined;
}

/** A name in snake_case, from camelCase or kebab-case. */
export function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[-. ]/g, "_").toLowerCase();
}

/** A name without what people forget or add: underscores, capitals, the plural. */
function simplified(name: string): string {
  return snakeCase(name).replaceAll("_", "").replace(/ies$/, "y").replace(/s$/, "");
}

/** How far a name is from that of a parameter; infinite if it does not resemble it. */
function distanceOf(name: string, parameter: string): number {
  const distance = leven(name, parameter);
  const length = Math.min(name.length, parameter.length);
  const allowed = length >= MIN_TWO_OFF_CHARACTERS ? 2 : length >= MIN_ONE_OFF_CHARACTERS ? 1 : 0;
  if (distance <= allowed) return distance;
  const stem = name.slice(0, STEM_CHARACTERS);
  return stem.length >= MIN_STEM_CHARACTERS && parameter.startsWith(stem) ? distance : Infinity;
}
