/**
 * Decides commands. Pure and synchronous, without clock or randomness. A decision is the events that a command causes,
 * and a function that reads the answer from the state after them. A forbidden command throws a `Refusal`, and nothing
 * else is thrown.
 */

import { accessOfCommand } from "../messages/access.ts";
import type { AnswerOf, CommandOf, CommandType, Context } from "../messages/commands.ts";
import { archiveDeciders } from "./archive.ts";
import { heartbeatEvents } from "./heartbeat.ts";
import { bulkDeciders } from "./bulk.ts";
import { groupDeciders } from "./groups.ts";
import { attemptDeciders } from "./attempts.ts";
import { claimDeciders } from "./claims.ts";
import { importDeciders } from "./import.ts";
import { clockDeciders } from "./clock.ts";
import { instanceDeciders } from "./instances.ts";
import { noteDeciders } from "./notes.ts";
import { projectDeciders } from "./project.ts";
import { returnEvents, sessionDeciders } from "./sessions.ts";
import { taskDeciders } from "./tasks.ts";
import { templateDeciders } from "./templates.ts";
import { redactionDeciders } from "./redaction.ts";
import { removalDeciders } from "./removal.ts";
import type { Event } from "../messages/events.ts";
import type { Deciders, Decision } from "./decision.ts";
import type { ReadonlyState } from "../state/state.ts";
import { sightOf } from "../state/sight.ts";
import { sweepDeciders } from "./sweep.ts";
import { admit } from "../state/tokens.ts";
import { handlerDeciders } from "./handlers.ts";
import { tokenDeciders } from "./tokens.ts";
import { webhookDeciders } from "./webhooks.ts";

/**
 * Decides one command, with what its caller sees: what is hidden is `not_found` like what does not exist. Throws a `Refusal` if
 * the rules forbid it: a `Denied` one if the caller has no right to it.
 */
export function decide<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): Decision<AnswerOf<K>> {
  const caller = admit(state, context, { call: command.type, access: accessOfCommand(command) });
  const seen = sightOf(state, caller);
  const { events, answer } = deciders[command.type](seen, command, { ...context, caller });
  const before = [...heartbeatEvents(state, command, context, seen), ...returnEvents(state, command, context)];
  return {
    events: before.length === 0 ? events : [...before, ...events],
    isEmpty: events.length === 0,
    answer: (after) => answer(sightOf(after, caller)),
  };
}

/**
 * The events of a command that was refused, though its caller has the right to it: its instance called, which extends its
 * leases and keeps its tasks.
 */
export function refusedEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): readonly Event[] {
  return [...heartbeatEvents(state, command, context), ...returnEvents(state, command, context, false)];
}

const deciders: Deciders<CommandType> = {
  ...taskDeciders,
  ...removalDeciders,
  ...importDeciders,
  ...claimDeciders,
  ...attemptDeciders,
  ...noteDeciders,
  ...redactionDeciders,
  ...bulkDeciders,
  ...archiveDeciders,
  ...instanceDeciders,
  ...groupDeciders,
  ...templateDeciders,
  ...tokenDeciders,
  ...projectDeciders,
  ...webhookDeciders,
  ...handlerDeciders,
  ...sessionDeciders,
  ...sweepDeciders,
  ...clockDeciders,
};
