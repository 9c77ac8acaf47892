/**
 * The rights of the client on standard input and output, and of `call`: all rights of the local operator, or fewer by
 * `--as` or by a token. A token that is named but cannot be used ends the start: the client must not get all rights.
 */

import type { Engine } from "../app/engine.ts";
import { digestOf, isSecret } from "../app/tokens.ts";
import type { CallerName, Rights, Role } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";

export interface SecretOptions {
  /** The value of ORCHESTRATOR_TOKEN; undefined if it is not set or may not be read. */
  readonly text: string | undefined;
  /** Whether the variable may be read. */
  readonly isPermitted: boolean;
  /** The role that `--as` gives. */
  readonly role?: Role;
  /** Whether `--as token` was given. */
  readonly needsToken?: true;
}

/**
 * The secret of the client's token; undefined if it has none.
 *
 * @throws Refusal if a token is named that cannot be used
 */
export function readSecret({ text, isPermitted, role, needsToken }: SecretOptions): string | undefined {
  if (text === undefined) {
    if (needsToken !== true) return undefined;
    const why = isPermitted
      ? "is not set: set it to a token that token issue printed"
      : "may not be read: start with --allow-env=ORCHESTRATOR_TOKEN";
    throw new Refusal("unauthorized", `Cannot start --as token as ORCHESTRATOR_TOKEN ${why}`);
  }
  if (!isSecret(text)) {
    const why = text.includes("$")
      ? "the client did not fill in the variable that its configuration names"
      : "it must be what token issue printed, from orc_ on; unset it to start without a token";
    throw new Refusal("unauthorized", `ORCHESTRATOR_TOKEN does not hold a token: ${why}`);
  }
  if (role !== undefined) {
    throw new Refusal(
      "invalid_value",
      `Cannot start --as ${role} with a token in ORCHESTRATOR_TOKEN, as its role counts: leave one of them out`,
    );
  }
  return text;
}

export interface RightsOptions {
  /** Who calls, for the audit. */
  readonly who: CallerName;
  readonly secret: string | undefined;
  /** The role of a client without a token. Default: `admin`. */
  readonly role?: Role | undefined;
  /** The instance of calls that name none, as options or the environment give it. */
  readonly instance: string | undefined;
}

/**
 * The rights of the client, and the instance of its calls that name none.
 *
 * @throws Refusal if the token is not valid, or is bound to another instance
 */
export async function rightsOf(
  engine: Pick<Engine, "query">,
  { who, secret, role = "admin", instance }: RightsOptions,
): Promise<{ readonly rights: Rights; readonly instance: string | undefined }> {
  if (secret === undefined) return { rights: { role }, instance };
  const rights = { token: await digestOf(secret) };
  const { instance: bound } = await engine.query({ type: "get_caller" }, { ...who, ...rights });
  if (bound !== undefined && instance !== undefined && instance !== bound) {
    throw new Refusal(
      "forbidden",
      `Cannot call as instance ${instance} as the token is bound to instance ${bound}: leave --instance and ` +
        "ORCHESTRATOR_INSTANCE out",
    );
  }
  return { rights, instance: bound ?? instance };
}
