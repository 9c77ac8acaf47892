/** Finds who makes a request over HTTP: the only place that does. */

import type { Role } from "../core/model/access.ts";
import type { CallerOf } from "./app.ts";

export interface OpenOptions {
  readonly role: Role;
  /** Identifies this process in the journal. */
  readonly process: string;
}

/** Without access control, every caller is the operator of this machine, as only programs on it can connect. */
export function openCaller({ role, process }: OpenOptions): CallerOf {
  return (_request, { address }) => {
    const via = { transport: "http" as const, process, ...(address !== undefined && { address }) };
    return Promise.resolve({ caller: { name: "http", role, via }, instance: undefined });
  };
}
