/**
 * The rules: what a command does in a given state. Pure and synchronous, without clock or randomness. A decision
 * is the events that the command causes and the answer, which is read from the state after them; a command that
 * the rules forbid throws a `Refusal` and nothing else.
 */

import type { AnswerOf, CommandOf, CommandType, Context } from "../messages/commands.ts";
import { heartbeatEvents } from "./heartbeat.ts";
import { bulkDeciders } from "./bulk.ts";
import { groupDeciders } from "./groups.ts";
import { attemptDeciders } from "./attempts.ts";
import { claimDeciders } from "./claims.ts";
import { importDeciders } from "./import.ts";
import { instanceDeciders } from "./instances.ts";
import { taskDeciders } from "./tasks.ts";
import { templateDeciders } from "./templates.ts";
import type { Event } from "../messages/events.ts";
import type { Deciders, Decision } from "./decision.ts";
import type { ReadonlyState } from "../state/state.ts";
import { sweepDeciders } from "./sweep.ts";

/** Decides one command. Throws a `Refusal` if the rules forbid it. */
export function decide<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): Decision<AnswerOf<K>> {
  const decision = deciders[command.type](state, command, context);
  const heartbeat = heartbeatEvents(state, command, context);
  return heartbeat.length === 0 ? decision : { ...decision, events: [...heartbeat, ...decision.events] };
}

/** What is written although a command was refused: that its instance is alive. */
export function refusedEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): readonly Event[] {
  return heartbeatEvents(state, command, context, false);
}

const deciders: Deciders<CommandType> = {
  ...taskDeciders,
  ...importDeciders,
  ...claimDeciders,
  ...attemptDeciders,
  ...bulkDeciders,
  ...instanceDeciders,
  ...groupDeciders,
  ...templateDeciders,
  ...sweepDeciders,
};
