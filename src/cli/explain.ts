/** Makes the message for an error that ends the program: one line, or a stack trace if it is a bug. Pure. */

import { Unavailable } from "../app/ports.ts";
import { Refusal } from "../core/model/refusal.ts";

/**
 * Returns the message for an error that ends the program.
 *
 * @param describe returns the message for an error of the operating system, undefined for any other
 */
export function explain(error: unknown, describe: (error: unknown) => string | undefined): string {
  if (error instanceof Refusal || error instanceof Unavailable) return error.message;
  if (error instanceof SyntaxError || error instanceof Deno.errors.NotCapable) return error.message;
  return describe(error) ?? `Unexpected: ${error instanceof Error ? error.stack : error}`;
}
