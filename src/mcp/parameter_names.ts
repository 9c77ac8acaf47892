/** The parameters that clients add to calls by themselves, which are ignored without a note. */

import { snakeCase } from "../core/model/resembling.ts";

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

/** Whether a client, not the agent, added an unknown parameter. */
export function isInjected(name: string): boolean {
  return name.startsWith("_") || INJECTED.has(snakeCase(name));
}
