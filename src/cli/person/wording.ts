/** Puts what messages say for agents, in names of tools, into the commands of a person. Pure. */

/** What stands for a tool. The first that fits counts. Tools without a command keep their names: `call` runs them. */
const WORDS: readonly (readonly [tool: RegExp, command: string])[] = [
  [/\bget_next_task with task_id (\S+)/g, "next $1"],
  [/\bget_next_task with wait_ms\b/g, "next, later"],
  [/\bget_next_task\b/g, "next"],
  [/\bcomplete_task\b/g, "done"],
  [/\bretry_task\b/g, "retry"],
  [/\bcancel_task\b/g, "cancel"],
  [/\badd_note\b/g, "note"],
  [/\bcreate_task\b/g, "add"],
  [/\bget_task_details\b/g, "show"],
  [/\bexplain_task\b/g, "why"],
  [/\bget_task_status\b/g, "status"],
  [/\binstance_id\b/g, "--instance"],
  [/\bgive a name of your own, the same in all your calls\b/g, "give it with --instance"],
];

/** A message with commands in place of tools. */
export function inCommands(message: string): string {
  return WORDS.reduce((text, [tool, command]) => text.replaceAll(tool, command), message);
}
