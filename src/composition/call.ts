/** The composition of `call`: one tool, run by a process of its own. main.ts loads it only for that command. */

import { Unavailable } from "../app/ports.ts";
import type { Invocation } from "../cli/arguments.ts";
import type { CallOptions } from "../cli/call_arguments.ts";
import { Refusal } from "../core/model/refusal.ts";
import { describeOperation } from "../mcp/operations.ts";
import { parseJsonFile } from "../store/file/json_text.ts";
import { DEFAULT_LEASE_MS } from "./start_app.ts";
import { type ToolSurroundings, withTools } from "./with_tools.ts";

/** What a call needs of its surroundings. What cannot be had is told like a refusal of the call. */
export interface CallSurroundings extends ToolSurroundings {
  /** Writes text to standard output as it is. */
  readonly write: (text: string) => void;
  /** Writes text to standard error as it is. */
  readonly writeError: (text: string) => void;
  /** Reads a file, or standard input for `-`. */
  readonly readFile: (file: string) => Promise<Uint8Array>;
}

export type CallInvocation = Invocation & { readonly type: "call" };

/** Runs a tool, and prints its answer, or why it was refused; returns the exit code. */
export async function callTool(invocation: CallInvocation, surroundings: CallSurroundings): Promise<number> {
  const { write, writeError, readFile } = surroundings;
  const { tool, request, defaults } = invocation;
  try {
    const options = {
      ...invocation,
      access: describeOperation(tool).isReading ? "read" as const : "create" as const,
      fallback: undefined,
      leaseMs: defaults.timeoutMs ?? DEFAULT_LEASE_MS,
    };
    const args = await readArguments(invocation, readFile);
    write(JSON.stringify(await withTools((call) => call(tool, args, request), options, surroundings)) + "\n");
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Unavailable)) throw error;
    writeError(JSON.stringify(errorJson(error)) + "\n");
    return 1;
  }
}

/** Why a call failed, for programs. */
export function errorJson(error: Refusal | Unavailable) {
  const { code, message } = error;
  const data = error instanceof Refusal ? { data: error.data } : {};
  return { error: { code, message, ...data } };
}

async function readArguments(
  { tool, json = "{}" }: CallOptions,
  readFile: CallSurroundings["readFile"],
): Promise<unknown> {
  const input = json === "-" ? await readFile("-") : undefined;
  try {
    return input === undefined ? JSON.parse(json) : parseJsonFile(input);
  } catch (cause) {
    throw new Refusal(
      "invalid_value",
      `Cannot call ${tool} as its arguments are not JSON (${
        cause instanceof Error ? cause.message : cause
      }): give an ` +
        `object, like '{"task_id": "a"}', or - and the object on standard input`,
    );
  }
}
