/**
 * Who calls, and what a caller may do. Pure data: `messages/access.ts` says what each command and query needs, `decide`
 * and `answer` refuse it to callers without the right.
 */

import { Refusal } from "./refusal.ts";

/** What a call does: it shows something, does a task, changes the plan, or takes care of the project itself. */
export type Verb = "see" | "work" | "plan" | "administer";

/** What a caller is there for. */
export type Role = "admin" | "planner" | "worker" | "observer";

/** Every role, the one with most rights first. */
export const ROLES: readonly Role[] = ["admin", "planner", "worker", "observer"];

/** Who makes a call. */
export interface Caller {
  /** For the journal: the client, for example `claude-code`. */
  readonly name: string;
  readonly role: Role;
  /** Absent if no client called: for sweeps. */
  readonly via?: Via;
}

/** The way by which a call comes. */
export interface Via {
  readonly transport: "stdio" | "cli";
  /** The name that the client gave. */
  readonly client?: string;
  /** Id of the server process that the client talks to. */
  readonly process?: string;
  /** Id of the client's connection. */
  readonly session?: string;
}

/**
 * The session that keeps the tasks which a caller claims: that of a client on stdio, as its server process lives as long
 * as it is connected. Undefined for every other caller.
 */
export function sessionOf({ via }: Caller): string | undefined {
  return via?.transport === "stdio" ? via.session : undefined;
}

/** Whoever can start the program can read and write its files, so nothing is refused to them. */
export function localOperator(name: string, via?: Via): Caller {
  return { name, role: "admin", ...(via !== undefined && { via }) };
}

/** What a call needs: the right to a verb, on these tasks, groups, instances and templates (none: on the whole plan). */
export interface Access {
  readonly verb: Verb;
  readonly tasks?: readonly string[];
  readonly groups?: readonly string[];
  readonly instances?: readonly string[];
  readonly templates?: readonly string[];
}

/** The verbs of each role. A worker also creates the tasks that it finds needed, which `create_tasks` asks as `work`. */
const VERBS: Readonly<Record<Role, readonly Verb[]>> = {
  admin: ["see", "work", "plan", "administer"],
  planner: ["see", "work", "plan"],
  worker: ["see", "work"],
  observer: ["see"],
};

/** Most objects of a call that a refusal names. */
const MAX_OBJECTS = 20;

/**
 * Refuses a call to a caller whose role has no right to it.
 *
 * @param type of the command or query
 * @throws Refusal `forbidden`
 */
export function authorize({ name, role }: Caller, type: string, { verb, ...objects }: Access): void {
  if (VERBS[role].includes(verb)) return;
  const able = ROLES.filter((each) => VERBS[each].includes(verb));
  throw new Refusal(
    "forbidden",
    `Cannot ${type} as ${name} is ${role}, which has no right to ${verb}: ask a caller that is ${able.join(" or ")}`,
    {
      verb,
      role,
      ...Object.fromEntries(Object.entries(objects).map(([kind, ids]) => [kind, ids?.slice(0, MAX_OBJECTS)])),
    },
  );
}
