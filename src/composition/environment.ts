/** What variables of the environment name: the client's token, its instance, and the service to call. */

import { readSecret, type SecretOptions } from "../cli/rights.ts";
import { Refusal } from "../core/model/refusal.ts";
import { checkId } from "../core/model/values.ts";
import type { Surroundings } from "./surroundings.ts";

type Environment = Pick<Surroundings, "environment" | "mayRead">;

/** The variable with the secret of the client's token. */
const TOKEN_VARIABLE = "ORCHESTRATOR_TOKEN";

/**
 * The secret of the client's token; undefined if the environment has none.
 *
 * @throws Refusal if it is not usable with the options
 */
export function secretFor(
  { role, needsToken }: Pick<SecretOptions, "role" | "needsToken">,
  { environment, mayRead }: Environment,
): string | undefined {
  return readSecret({
    text: environment(TOKEN_VARIABLE),
    isPermitted: mayRead(TOKEN_VARIABLE),
    ...(role !== undefined && { role }),
    ...(needsToken !== undefined && { needsToken }),
  });
}

/**
 * The instance that the environment names; undefined if it names none.
 *
 * @throws Refusal if no instance can have that id
 */
export function namedInstance({ environment }: Pick<Environment, "environment">): string | undefined {
  const id = environment("ORCHESTRATOR_INSTANCE") || undefined;
  try {
    if (id !== undefined) checkId(id, "Instance id");
    return id;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(cause.code, `ORCHESTRATOR_INSTANCE cannot be used: ${cause.message}`);
  }
}

/** The address of a service that the environment names; undefined if it names none. */
export function namedUrl({ environment }: Pick<Environment, "environment">): string | undefined {
  return environment("ORCHESTRATOR_URL") || undefined;
}
