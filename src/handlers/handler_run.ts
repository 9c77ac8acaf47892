/**
 * Runs one handler for each of its notifications, one after the other, in their order. A notification that fails is tried
 * again with growing pauses, a bounded number of times; then it is passed over, so that it holds up no other for ever.
 */

import { onAbort, pause } from "../app/abortable.ts";
import type { Feed } from "../app/feed.ts";
import { follow, type FollowOptions } from "../app/follower.ts";
import { placeOf } from "../app/history.ts";
import { type Log, Unavailable } from "../app/ports.ts";
import type { AnswerOf, CommandOf } from "../core/messages/commands.ts";
import type { HandlerFailure } from "../core/messages/events.ts";
import { nameOf } from "../core/messages/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import type { Caller, KnownCaller } from "../core/model/access.ts";
import type { Handler } from "./handler.ts";
import type { Place, Places } from "./places.ts";
import { isFromHandler, type RoleTokens, type TokenEngine } from "./role_tokens.ts";
import { type Outcome, runCommand } from "./run_command.ts";

/** The pauses before a notification is tried again, in milliseconds. After the last try it is passed over. */
export const RETRY_DELAYS_MS: readonly number[] = [1_000, 10_000, 60_000, 300_000];

/** The pause after the journal could not be read, in milliseconds. */
const TROUBLE_MS = 1_000;

/** How much of the last line of a command's output is in the history, and of its whole output in the log, in characters. */
const MAX_LINE_CHARACTERS = 300;
const MAX_LOGGED_CHARACTERS = 4_000;

/** Stands for the token in the output of a command. */
const TOKEN_MARK = "[token]";

export interface HandlerEngine extends TokenEngine {
  readonly catchUp: FollowOptions["engine"]["catchUp"];
  readonly source: FollowOptions["engine"]["source"];
  readonly search: FollowOptions["engine"]["search"];
  readonly query: FollowOptions["engine"]["query"] & TokenEngine["query"];
  execute<K extends "issue_token" | "revoke_token" | "record_failure">(
    command: CommandOf<K>,
    caller: Caller,
  ): Promise<AnswerOf<K>>;
}

export interface HandlerParts {
  readonly engine: HandlerEngine;
  readonly feed: Pick<Feed, "subscribe">;
  readonly log: Log;
  /** An admin: who issues the tokens and records failures. */
  readonly caller: KnownCaller;
  /** The working directory of the commands. */
  readonly directory: string;
  /** The environment of the commands, but for the token. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: `RETRY_DELAYS_MS`. */
  readonly retryDelaysMs?: readonly number[];
}

interface RunParts extends HandlerParts {
  readonly tokens: RoleTokens;
  readonly places: Places;
}

/** Runs a handler until the signal comes. Its place must be known. */
export async function runHandler(handler: Handler, parts: RunParts, signal: AbortSignal): Promise<void> {
  const { log } = parts;
  let complaint = "";
  while (!signal.aborted) {
    try {
      await followOnce(handler, parts, signal);
      complaint = "";
    } catch (error) {
      const now = `Handler ${handler.name} waits, as it cannot go on: ${
        error instanceof Error ? error.message : error
      }`;
      if (now !== complaint) log.warn(now);
      if (!(error instanceof Unavailable) && now !== complaint) {
        log.error(`Unexpected: ${Object(error).stack ?? error}`);
      }
      complaint = now;
      await pause(TROUBLE_MS, signal);
    }
  }
}

/** Handles what comes after the handler's place, until the signal comes, a try fails, or the journal is another one. */
async function followOnce(handler: Handler, parts: RunParts, signal: AbortSignal): Promise<void> {
  const { engine, feed, places, log } = parts;
  const { name, on: types, group, audiences } = handler;
  const { at: after, source } = placeIn(places, name);
  using follower = follow({
    engine,
    feed,
    filter: { types, ...(group !== undefined && { group }) },
    // The operator's own: it sees all, unless the handler is restricted.
    caller: audiences === undefined ? parts.caller : { ...parts.caller, role: "observer", audiences },
    after,
    source,
  });
  using _closing = onAbort(signal, () => follower.close());
  for (;;) {
    const followed = await follower.next();
    if (followed === undefined) return;
    if (followed.type === "reset") {
      log.warn(
        `Handler ${name} goes on after record ${followed.lastSeq}, as the journal was repaired or replaced: what came ` +
          "before may not have been handled",
      );
      places.move(name, placeWith({ seq: followed.lastSeq }, await engine.source()));
      return await places.save();
    }
    for (const notification of followed.notifications) {
      if (follower.isOutdated) return;
      const isWanted = handler.fromHandlers || !isFromHandler(notification);
      if (isWanted && !await handle(notification, handler, parts, signal)) return;
      places.move(name, placeWith(placeOf(notification), notification.source));
      if (isWanted) await places.save();
    }
    // A place that is a time is only ever given, not returned.
    if ("seq" in followed.place) places.move(name, placeWith(followed.place, follower.source));
  }
}

/**
 * Runs the command for a notification; resolves to whether it is handled or passed over. Otherwise, it must be read again:
 * a try that comes after a redaction must not have the text that was there before.
 */
async function handle(
  notification: Notification,
  handler: Handler,
  parts: RunParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { engine, places, retryDelaysMs = RETRY_DELAYS_MS } = parts;
  const outcome = await runOnce(notification, handler, parts, signal);
  if (outcome.type !== "failed") return outcome.type === "done";
  const place = placeIn(places, handler.name);
  const tries = place.tries + 1;
  const delayMs = retryDelaysMs[tries - 1];
  await report(outcome, { handler: handler.name, notification, tries }, delayMs, parts);
  if (delayMs === undefined) {
    places.move(handler.name, { ...place, passedOver: { id: notification.id, at: engine.now() } });
    return true;
  }
  places.move(handler.name, { ...place, tries });
  try {
    await places.save();
  } finally {
    // Also on a full disk, which may be why it failed: otherwise, it would be passed over within seconds.
    await pause(delayMs, signal);
  }
  return false;
}

async function runOnce(
  notification: Notification,
  handler: Handler,
  { tokens, directory, env }: RunParts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { run, timeoutMs } = handler;
  const secret = await tokens.secretFor(handler);
  const outcome = await runCommand({
    run,
    directory,
    env: { ...env, ORCHESTRATOR_TOKEN: secret },
    input: JSON.stringify(notification) + "\n",
    timeoutMs,
    signal,
  });
  // A command that fails may print its environment, and the history is kept for ever.
  return outcome.type === "failed" ? { ...outcome, output: outcome.output.replaceAll(secret, TOKEN_MARK) } : outcome;
}

/** Records a failure in the history, and tells the log of it with the output of the command. */
async function report(
  { error, output }: Extract<Outcome, { readonly type: "failed" }>,
  { handler, notification: { id, type, subject }, tries }: Pick<HandlerFailure, "handler" | "tries"> & {
    readonly notification: Notification;
  },
  delayMs: number | undefined,
  { engine, log, caller }: RunParts,
): Promise<void> {
  const next = delayMs === undefined ? "it is passed over" : `it is tried again after ${delayMs} ms`;
  const shown = output.trim().slice(-MAX_LOGGED_CHARACTERS);
  log.warn(
    `Handler ${handler} failed with ${id}, try ${tries}: ${error}; ${next}${shown === "" ? "" : `\n${shown}`}`,
  );
  const line = lastLineOf(output);
  const failure: HandlerFailure = {
    handler,
    notification: id,
    ...(nameOf(type).startsWith("task.") && subject !== undefined && { task: subject }),
    error: line === "" ? error : `${error}: ${line}`,
    tries,
    ...(delayMs === undefined && { isPassedOver: true }),
  };
  try {
    await engine.execute({ type: "record_failure", failure }, caller);
  } catch (error) {
    log.warn(`Cannot record the failure of handler ${handler} in the history: ${error}`);
  }
}

/** The last line of an output that has visible text, without control characters, cut. */
function lastLineOf(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  return line.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, " ").trim().slice(0, MAX_LINE_CHARACTERS);
}

function placeIn(places: Places, name: string): Place {
  const place = places.get(name);
  if (place === undefined) throw new Error(`Handler ${name} has no place`);
  return place;
}

function placeWith(at: Place["at"], source: string | undefined): Place {
  return { at, ...(source !== undefined && { source }), tries: 0 };
}
