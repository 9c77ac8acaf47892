/**
 * Who calls, and what a caller may do. Pure data: `messages/access.ts` says what each command and query needs, `decide`
 * and `answer` refuse it to callers without the right.
 */

import { Refusal } from "./refusal.ts";
import { printable } from "./values.ts";

/** What a call does: it shows something, does a task, changes the plan, or takes care of the project itself. */
export type Verb = "see" | "work" | "plan" | "administer";

/** What a caller is there for. */
export type Role = "admin" | "planner" | "worker" | "observer";

/** Every role, the one with most rights first. */
export const ROLES: readonly Role[] = ["admin", "planner", "worker", "observer"];

/** Where the rights of a caller come from: they are its role's, or those that its token has at the time of the call. */
export type Rights =
  | { readonly role: Role }
  /** SHA-256 of the token's secret, as hexadecimal digits. */
  | { readonly token: string };

/** Who makes a call. */
export type Caller = CallerName & Rights;

export interface CallerName {
  /** For the journal: the client, for example `claude-code`. */
  readonly name: string;
  /** Absent if no client called: for sweeps. */
  readonly via?: Via;
}

/** What tells callers apart, whatever way they come by; with an instance, also those that speak for different ones. */
export function keyOfCaller({ via: _, ...caller }: Caller, instance?: string): string {
  return JSON.stringify([caller, instance]);
}

/** The most that one caller gets of what all callers share, so that no single one can lock out the others. */
export function shareOf(all: number): number {
  return Math.ceil(all * 0.75);
}

/** A caller with the rights that it has now. */
export interface KnownCaller extends CallerName {
  readonly role: Role;
  /** The only instance that it may speak for. Default: it may speak for all. */
  readonly instance?: string;
  /** The audiences whose groups it sees. Default: all. */
  readonly audiences?: readonly string[];
}

/** The way by which a call comes. */
export interface Via {
  readonly transport: "stdio" | "http" | "cli";
  /** The name that the client gave. */
  readonly client?: string;
  /** Id of the server process that the client talks to. */
  readonly process?: string;
  /** Id of the client's connection. */
  readonly session?: string;
  /** The network address of the client. */
  readonly address?: string;
  /** The name of the caller's token. Only in the journal, and in what comes from it. */
  readonly token?: string;
}

/**
 * The session that keeps the tasks which a caller claims: that of a client on stdio, as its server process lives as long
 * as it is connected. Undefined for every other caller.
 */
export function sessionOf({ via }: CallerName): string | undefined {
  return via?.transport === "stdio" ? via.session : undefined;
}

/** Whoever can start the program can read and write its files, so nothing is refused to them. */
export function localOperator(name: string, via?: Via): KnownCaller {
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

/** Most objects of each kind that a refusal names. */
const MAX_OBJECTS = 20;

/** Whether a role has the right to a verb. */
export function hasRight(role: Role, verb: Verb): boolean {
  return VERBS[role].includes(verb);
}

/** Whether nothing can be hidden from a caller, whatever the audiences of groups are. */
export function seesEverything({ role, audiences }: Pick<KnownCaller, "role" | "audiences">): boolean {
  return audiences === undefined || hasRight(role, "administer");
}

/**
 * Refuses a call to a caller whose role has no right to it, or that speaks for another instance than its token may.
 *
 * @param call the type of the command or query
 * @throws Denied `forbidden`
 */
export function authorize(caller: KnownCaller, call: string, access: Access): void {
  const { role, instance } = caller;
  const name = spokenName(caller);
  const { verb } = access;
  if (!hasRight(role, verb)) {
    const able = ROLES.filter((each) => hasRight(each, verb));
    const why = `is ${role}, which has no right to ${verb}: ask a caller that is ${able.join(" or ")}`;
    throw new Denied("forbidden", `Cannot ${call} as ${name} ${why}`, denialOf({ ...caller, call, access }, "role"));
  }
  if (instance === undefined || verb === "see") return;
  const other = access.instances?.find((each) => each !== instance);
  if (other === undefined) return;
  throw new Denied(
    "forbidden",
    `Cannot ${call} as instance ${printable(other)} as ${name} is bound to instance ${instance}: give ` +
      "that instance_id, or none",
    denialOf({ ...caller, call, access }, "instance"),
  );
}

/** A caller in words for itself: by its token, as it may not know the name that its client gave. */
function spokenName({ name, via }: CallerName): string {
  return via?.token === undefined ? name : `the token ${via.token}`;
}

/** Whether `authorize` would let a caller make a call that needs this. */
export function isAuthorized({ role, instance }: KnownCaller, { verb, instances = [] }: Access): boolean {
  if (!hasRight(role, verb)) return false;
  return instance === undefined || verb === "see" || instances.every((each) => each === instance);
}

/** Why a call was refused: for want of a right, of a valid token, or of the right to speak for an instance. */
export type DenialReason = "role" | "token" | "instance";

/** A call that was refused to its caller, for the audit. Long ids are cut, and long lists, too. */
export interface Denial {
  /** The name of the caller. */
  readonly caller: string;
  readonly via?: Via;
  /** The type of the command or query. */
  readonly call: string;
  readonly reason: DenialReason;
  readonly verb: Verb;
  /** Absent if the token is not valid. */
  readonly role?: Role;
  readonly tasks?: readonly string[];
  readonly groups?: readonly string[];
  readonly instances?: readonly string[];
  readonly templates?: readonly string[];
  /** How many other calls of this caller were refused since the last denial that was recorded of it. */
  readonly more?: number;
}

/** Makes the denial of a call. */
export function denialOf(
  { name, via, role, call, access: { verb, ...objects } }: CallerName & {
    readonly role?: Role;
    readonly call: string;
    readonly access: Access;
  },
  reason: DenialReason,
): Denial {
  return {
    caller: name,
    ...(via !== undefined && { via }),
    call,
    reason,
    verb,
    ...(role !== undefined && { role }),
    ...Object.fromEntries(
      Object.entries(objects).map(([kind, ids]) => [kind, ids?.slice(0, MAX_OBJECTS).map(printable)]),
    ),
  };
}

/** The refusal of a call to its caller. Refused calls of callers without the right change nothing, and are audited. */
export class Denied extends Refusal {
  constructor(code: "forbidden" | "unauthorized", message: string, readonly denial: Denial) {
    const { caller: _c, via: _v, call: _l, ...data } = denial;
    super(code, message, data);
  }
}
