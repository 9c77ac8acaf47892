/** The addresses of the dashboard, and the command `open`. */

import type { Engine } from "../app/engine.ts";
import { issueKey } from "../app/sign_in.ts";
import { OPERATOR, type Terminal } from "./commands.ts";
import type { OpenInvocation } from "./open_arguments.ts";

/** Addresses that stand for all of this machine; a browser takes that of the loopback in their place. */
const LOOPBACKS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Prints the address of a dashboard with a key that signs in once. */
export async function printSignIn(
  engine: Engine,
  { address, role, audiences }: Pick<OpenInvocation, "role" | "audiences"> & { readonly address: string },
  terminal: Terminal,
): Promise<number> {
  const key = await issueKey({ engine, operator: OPERATOR }, { role, ...(audiences !== undefined && { audiences }) });
  terminal.print(signInAddress(address, key));
  terminal.print("It signs in once, within 10 minutes, while serve runs.");
  return 0;
}

export interface DashboardPlace {
  /** The IP address on which the server listens. */
  readonly host: string;
  readonly port: number;
  /** Of the plan, from slash to slash. */
  readonly path: string;
}

/** The address of the dashboard of a plan. */
export function dashboardAddress({ host, port, path }: DashboardPlace): string {
  const reached = LOOPBACKS[host] ?? host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}${path}`;
}

/** The address that signs in: browsers keep what follows `#` to themselves. */
export function signInAddress(address: string, key: string): string {
  return `${address}#key=${key}`;
}
