/** Commands with a request id of their caller: each is carried out once, and a repeat is answered from the present state. */

import { accessOfCommand } from "../messages/access.ts";
import type { CommandOf, CommandType, Context, Repeated } from "../messages/commands.ts";
import { MAX_REPEATED } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import type { CallerRequest, PastRequest } from "../model/request.ts";
import { findRequest } from "../state/requests.ts";
import type { ReadonlyState } from "../state/state.ts";
import { sightOf } from "../state/sight.ts";
import { admit, knownCaller } from "../state/tokens.ts";
import { groupViewOf } from "../views/groups.ts";
import { viewOf } from "../views/tasks.ts";

/**
 * The request that a command repeats; undefined if it is new, or was forgotten.
 *
 * @throws Denied if the caller has no right to the command
 * @throws Refusal `request_reused` if the caller gave this id to another command
 */
export function repeatedBy<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  { request, ...context }: Pick<Context, "caller" | "now"> & { readonly request: CallerRequest },
): PastRequest | undefined {
  const caller = admit(state, context, { call: command.type, access: accessOfCommand(command) });
  const past = findRequest(state, caller, request.id);
  if (past === undefined || past.fingerprint === request.fingerprint) return past;
  throw new Refusal(
    "request_reused",
    `Cannot ${command.type} as ${caller.name} used the request id ${request.id} for another command, which record ` +
      `${past.seq} holds: give each command an id of its own, and repeat a command with the same parameters`,
    { request: request.id, seq: past.seq },
  );
}

/** The answer to a command that was carried out already, from the present state: what the caller sees now. */
export function repeatedAnswer<K extends CommandType>(
  whole: ReadonlyState,
  command: CommandOf<K>,
  { seq, claimed, caller, now }: Pick<PastRequest, "seq" | "claimed"> & Pick<Context, "caller" | "now">,
): Repeated {
  const known = knownCaller(whole, caller, now);
  // Its token was revoked, or has expired, since it gave the command.
  if (known === undefined) return { repeated: true, seq, tasks: [], groups: [] };
  const state = sightOf(whole, known);
  const { tasks = [], groups = [] } = accessOfCommand(command);
  const ids = claimed === undefined ? tasks : new Set([claimed, ...tasks]);
  return {
    repeated: true,
    seq,
    tasks: firstFound(ids, (id) => state.tasks.get(id)).map((node) => viewOf(state, node)),
    groups: firstFound(groups, (id) => state.groups.get(id)).map(groupViewOf),
  };
}

function firstFound<Node>(ids: Iterable<string>, find: (id: string) => Node | undefined): readonly Node[] {
  const found: Node[] = [];
  for (const id of ids) {
    const node = find(id);
    if (node !== undefined) found.push(node);
    if (found.length === MAX_REPEATED) break;
  }
  return found;
}
