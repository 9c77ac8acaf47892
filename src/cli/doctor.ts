/** The command `doctor`: prints who uses the data, how it is kept, and what is to do. */

import { counted } from "../core/model/text.ts";
import { type Terminal, visible } from "./commands.ts";
import { describeLead } from "./doctor_delivery_findings.ts";
import type { DeliveryFact, DoctorFacts, Finding, PlanFacts, ProcessFact } from "./doctor_facts.ts";
import { findingsOf } from "./doctor_findings.ts";
import { describeBytes, describeTimes } from "./doctor_words.ts";
import { tableOf } from "./table.ts";

/** Prints facts and findings, in words or as one JSON object; returns 1 if there is something to do. */
export function printDoctor(facts: DoctorFacts, json: boolean, terminal: Terminal): number {
  const findings = findingsOf(facts);
  const problems = findings.filter(({ severity }) => severity === "problem").length;
  if (json) terminal.print(JSON.stringify(report(facts, findings, problems)));
  else for (const line of linesOf(facts, findings, problems)) terminal.print(line);
  return problems === 0 ? 0 : 1;
}

/** The JSON of `doctor --json`: fields may be added. Times are ISO 8601. */
function report(facts: DoctorFacts, findings: readonly Finding[], problems: number) {
  const { directory, now, version, format, sessions, lock, fileSystem, sizeBytes, checkpoint, plan } = facts;
  return {
    ok: problems === 0,
    directory,
    checkedAt: isoTime(now),
    version,
    format,
    sizeBytes,
    ...(fileSystem !== undefined && { freeBytes: fileSystem.freeBytes }),
    ...("running" in plan &&
      { records: plan.records, ...(plan.recordedAt > 0 && { recordedAt: isoTime(plan.recordedAt) }) }),
    checkpoint,
    lock,
    ...usersOf(sessions, plan),
    findings,
  };
}

/** Processes and deliveries in that JSON. */
export function usersOf(sessions: readonly ProcessFact[], plan: DoctorFacts["plan"]) {
  return {
    processes: sessions.map(({ id, isLive, about, pid, isStopped }) => ({
      session: id,
      isLive,
      ...(pid !== undefined && { pid }),
      ...(isStopped !== undefined && { isStopped }),
      ...(about !== undefined && {
        version: about.version,
        format: about.format,
        transport: about.transport,
        startedAt: isoTime(about.startedAt),
        ...(about.client !== undefined && { client: about.client }),
        ...(about.calledAt !== undefined && { calledAt: isoTime(about.calledAt) }),
      }),
    })),
    deliveries: "running" in plan
      ? deliveriesOf(plan).map(({ kind, name, lead: { isHeld, ...lead }, attempts, isBehind }) => ({
        kind,
        name,
        isLed: isHeld,
        ...lead,
        attempts,
        isBehind,
      }))
      : [],
  };
}

/** The deliveries to webhooks and handlers. */
function deliveriesOf(
  { webhooks, handlerFiles }: PlanFacts,
): readonly (DeliveryFact & { readonly kind: "webhook" | "handler" })[] {
  return [
    ...webhooks.map((webhook) => ({ ...webhook, kind: "webhook" as const })),
    ...handlerFiles.flatMap(({ handlers = [] }) => handlers.map((each) => ({ ...each, kind: "handler" as const }))),
  ];
}

function* linesOf(facts: DoctorFacts, findings: readonly Finding[], problems: number): Iterable<string> {
  const { directory, sizeBytes, fileSystem, plan, fault, wasVerified, lock, sessions } = facts;
  const free = fileSystem === undefined ? "" : `, ${describeBytes(fileSystem.freeBytes)} free`;
  yield visible(`Data:       ${directory} (${describeBytes(sizeBytes)}${free})`);
  if ("running" in plan) {
    const last = plan.recordedAt > 0 ? `, the last of ${isoTime(plan.recordedAt)}` : "";
    const checked = wasVerified
      ? fault === undefined ? "all were checked" : "not all are whole"
      : "--verify checks all of them";
    yield `Journal:    ${counted(plan.records, "record")}${last}; ${checked}`;
  }
  yield `Write lock: ${lock.isHeld ? "held" : "free"}`;
  yield* linesOfUsers(sessions, plan);
  yield* linesOfFindings(findings, problems);
}

/** Processes and deliveries in words. */
export function* linesOfUsers(sessions: readonly ProcessFact[], plan: DoctorFacts["plan"]): Iterable<string> {
  const live = sessions.filter(({ isLive }) => isLive);
  yield `Servers:    ${live.length === 0 ? "none" : live.length}`;
  if (live.length > 0) {
    const rows = [["  PID", "VERSION", "BY", "CLIENT", "STARTED", "LAST CALL"], ...live.map(rowOf)];
    yield* tableOf(rows, Infinity).map(visible);
  }
  const deliveries = "running" in plan ? deliveriesOf(plan) : [];
  if (deliveries.length > 0) {
    yield `Deliveries: ${deliveries.length}`;
    const rows = deliveries.map((each) => [
      `  ${each.kind} ${each.name}`,
      describeLead(each.lead),
      each.attempts > 0
        ? `failed ${describeTimes(each.attempts)}`
        : each.isBehind
        ? "newer records to look at"
        : "up to date",
    ]);
    yield* tableOf([["  TO", "BY", "STATE"], ...rows], Infinity).map(visible);
  }
}

export function* linesOfFindings(findings: readonly Finding[], problems: number): Iterable<string> {
  for (const { severity, message, remedy } of findings) {
    yield "";
    yield visible(`${severity === "problem" ? "PROBLEM" : "Note"}: ${message}`);
    yield visible(`  Do: ${remedy}`);
  }
  yield "";
  yield problems === 0 ? "OK: nothing to do" : problems === 1 ? "1 problem" : `${problems} problems`;
}

function rowOf({ pid, about }: ProcessFact): readonly string[] {
  return [
    `  ${pid ?? "?"}`,
    about?.version ?? "unknown",
    about?.transport ?? "",
    about?.client ?? "",
    about === undefined ? "" : isoTime(about.startedAt),
    about?.calledAt === undefined ? "" : isoTime(about.calledAt),
  ];
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
