/** What `doctor` finds in the plan: a pause, tokens that expire, and tasks whose holders are gone. Pure. */

import { isOfSignIn } from "../app/sign_in.ts";
import { detailsOf } from "../core/model/project.ts";
import { nameSome } from "../core/model/text.ts";
import {
  type DoctorFacts,
  type Finding,
  note,
  type PlanFacts,
  problem,
  type ProcessFact,
  type RunningTask,
} from "./doctor_facts.ts";
import { deliveryFindings } from "./doctor_delivery_findings.ts";
import { describeProcess } from "./doctor_words.ts";

/** A token that expires sooner than this is a problem, in milliseconds: a week. */
const EXPIRES_SOON_MS = 7 * 24 * 60 * 60 * 1_000;

/** What the plan shows. */
export function planFindings(facts: Pick<DoctorFacts, "now" | "sessions">, plan: PlanFacts): readonly Finding[] {
  const { now, sessions } = facts;
  const findings: Finding[] = [];
  if (plan.clockWarning !== undefined) {
    findings.push(problem("clock_ahead", plan.clockWarning, "set the clock right, or run clock correct"));
  }
  if (plan.paused !== undefined) {
    findings.push(problem("paused", `The project is paused ${detailsOf(plan.paused)}`, "run resume when it may go on"));
  }
  // Keys and sessions of browsers expire soon anyway, and are removed by later ones.
  const tokens = plan.tokens.filter(({ name }) => !isOfSignIn(name));
  const soon = tokens.filter(({ expiresAt = Infinity, isExpired }) => {
    return !isExpired && expiresAt - now < EXPIRES_SOON_MS;
  });
  if (soon.length > 0) {
    const names = soon.map(({ name, expiresAt = 0 }) => `${name} (${new Date(expiresAt).toISOString()})`);
    findings.push(problem(
      "token_expires",
      `These tokens expire within a week: ${nameSome(names)}`,
      "run token issue for new ones, and token revoke for those that are not needed",
    ));
  }
  const expired = tokens.filter(({ isExpired }) => isExpired);
  if (expired.length > 0) {
    findings.push(note(
      "token_expired",
      `These tokens have expired: ${nameSome(expired.map(({ name }) => name))}`,
      "run token revoke for each",
    ));
  }
  return [...findings, ...holderFindings(sessions, plan), ...deliveryFindings(facts, plan)];
}

function holderFindings(sessions: readonly ProcessFact[], { running, lostInstances }: PlanFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const live = new Set(sessions.filter(({ isLive }) => isLive).map(({ id }) => id));
  const dead = sessions.filter(({ isLive }) => !isLive);
  const gone = running.filter(({ session, leaseUntil }) => {
    return leaseUntil === undefined && session !== undefined && !live.has(session);
  });
  if (gone.length > 0) {
    findings.push(problem(
      "holders_gone",
      `The clients that hold these tasks are gone: ${nameSome(gone.map(nameTask))}`,
      live.size > 0
        ? "run doctor again in a moment: a server that runs hands them back after the grace period; release_task does so at once"
        : "start a server: it hands them back after the grace period",
    ));
  }
  const unwatched = running.filter(({ session, leaseUntil }) => session === undefined && leaseUntil === undefined);
  if (unwatched.length > 0) {
    findings.push(problem(
      "holders_unwatched",
      `Nothing hands these tasks back, as they have neither a lease nor a connected client: ${
        nameSome(unwatched.map(nameTask))
      }`,
      "if their workers are gone, release each with release_task",
    ));
  }
  if (dead.length > 0) {
    findings.push(note(
      "dead_sessions",
      `${dead.length === 1 ? "A server has" : `${dead.length} servers have`} died without an end: ${
        nameSome(dead.map(describeProcess))
      }`,
      "nothing to do: servers remove what is left of them",
    ));
  }
  if (lostInstances.length > 0) {
    findings.push(note(
      "instances_lost",
      `These instances did not call in time, and their tasks went back: ${nameSome(lostInstances)}`,
      "start these workers again if they are needed",
    ));
  }
  return findings;
}

function nameTask({ id, assignedTo, attempt }: RunningTask): string {
  return `${id} (${assignedTo ?? "nobody"}, attempt ${attempt})`;
}
