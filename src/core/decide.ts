/**
 * The rules: what a command does in a given state. Pure and synchronous, without clock or randomness. A decision
 * is the events that the command causes and the answer, which is read from the state after them; a command that
 * the rules forbid throws a `Refusal` and nothing else.
 */

import type { AnswerOf, CommandOf, CommandType, Context } from "./commands.ts";
import { contactEvents } from "./contact.ts";
import { bulkDeciders } from "./decide_bulk.ts";
import { groupDeciders } from "./decide_groups.ts";
import { holdingDeciders } from "./decide_holding.ts";
import { importDeciders } from "./decide_import.ts";
import { instanceDeciders } from "./decide_instances.ts";
import { taskDeciders } from "./decide_tasks.ts";
import { templateDeciders } from "./decide_templates.ts";
import type { Event } from "./events.ts";
import type { Deciders, Decision } from "./decision.ts";
import type { ReadonlyState } from "./state.ts";
import { sweepDeciders } from "./sweep.ts";

/** Decides one command. Throws a `Refusal` if the rules forbid it. */
export function decide<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): Decision<AnswerOf<K>> {
  const decision = deciders[command.type](state, command, context);
  const contact = contactEvents(state, command, context);
  return contact.length === 0 ? decision : { ...decision, events: [...contact, ...decision.events] };
}

/** What is written although a command was refused: that its instance is alive. */
export function refusedEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): readonly Event[] {
  return contactEvents(state, command, context, false);
}

const deciders: Deciders<CommandType> = {
  ...taskDeciders,
  ...importDeciders,
  ...holdingDeciders,
  ...bulkDeciders,
  ...instanceDeciders,
  ...groupDeciders,
  ...templateDeciders,
  ...sweepDeciders,
};
