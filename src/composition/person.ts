/** The composition of the commands of a person. main.ts loads it only for these. */

import { Unavailable } from "../app/ports.ts";
import type { Invocation } from "../cli/arguments.ts";
import { type Terminal, visible } from "../cli/commands.ts";
import { isReading } from "../cli/person/command.ts";
import { runPerson } from "../cli/person/run.ts";
import { checkId } from "../core/model/values.ts";
import { Refusal } from "../core/model/refusal.ts";
import { errorJson } from "./call.ts";
import { type ToolSurroundings, withTools } from "./with_tools.ts";

/**
 * How long a task without `timeout_ms` is kept for a person by default, after each command about it, in milliseconds: a
 * day. Nobody is connected between two commands, and a person is slower than an agent.
 */
const PERSON_LEASE_MS = 24 * 60 * 60 * 1_000;

/** The instance of a person whose login is not known. */
const SOMEBODY = "person";

export type PersonInvocation = Invocation & { readonly type: "person" };

export interface PersonSurroundings extends ToolSurroundings {
  readonly terminal: Terminal;
  /** Writes text to standard error as it is. */
  readonly writeError: (text: string) => void;
  /** The name with which the person has logged in, if it may be known. */
  readonly loginOf: () => string | undefined;
}

/** Carries out a command of a person; returns the exit code. */
export async function runForPerson(invocation: PersonInvocation, surroundings: PersonSurroundings): Promise<number> {
  const { command, json, defaults } = invocation;
  const { terminal, writeError, loginOf } = surroundings;
  const options = {
    ...invocation,
    access: command.type === "add" ? "create" as const : isReading(command) ? "read" as const : "write" as const,
    fallback: instanceOfLogin(loginOf()),
    leaseMs: defaults.timeoutMs ?? PERSON_LEASE_MS,
  };
  try {
    return await withTools((call) => runPerson(command, { call, terminal, json }), options, surroundings);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Unavailable)) throw error;
    writeError((json ? JSON.stringify(errorJson(error)) : visible(error.message)) + "\n");
    return 1;
  }
}

/** A login as the id of an instance, if it can be one. */
function instanceOfLogin(login: string | undefined): string {
  if (login === undefined) return SOMEBODY;
  try {
    checkId(login, "Instance id");
    return login;
  } catch (error) {
    if (error instanceof Refusal) return SOMEBODY;
    throw error;
  }
}
