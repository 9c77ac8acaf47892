/** What `doctor` prints and finds about a plan in PostgreSQL. */

import { counted, nameSome } from "../core/model/text.ts";
import { type Terminal, visible } from "./commands.ts";
import { isoTime, linesOfFindings, linesOfUsers, usersOf } from "./doctor.ts";
import { type DatabaseState, type DoctorFacts, type Finding, note, problem } from "./doctor_facts.ts";
import { processFindings, sorted } from "./doctor_findings.ts";
import { planFindings } from "./doctor_plan_findings.ts";
import { describeBytes } from "./doctor_words.ts";

/** A difference between clocks that is worth knowing, in milliseconds. */
const CLOCK_DIFFERENCE_MS = 2_000;

/** The share of connections from which on the next ones may be refused soon. */
const MOST_CONNECTIONS = 0.9;

export interface DatabaseFacts
  extends DatabaseState, Pick<DoctorFacts, "version" | "format" | "plan" | "sessions" | "wasVerified" | "fault"> {
  /** The address, and the project. */
  readonly url: string;
  readonly project: string;
}

/** Prints facts and findings, in words or as one JSON object; returns 1 if there is something to do. */
export function printDatabaseDoctor(facts: DatabaseFacts, json: boolean, terminal: Terminal): number {
  const findings = databaseFindings(facts);
  const problems = findings.filter(({ severity }) => severity === "problem").length;
  if (json) terminal.print(JSON.stringify(report(facts, findings, problems)));
  else for (const line of linesOf(facts, findings, problems)) terminal.print(line);
  return problems === 0 ? 0 : 1;
}

/** Everything that the facts show, problems first. Pure. */
export function databaseFindings(facts: DatabaseFacts): readonly Finding[] {
  const { plan, time } = facts;
  return sorted([
    ...journalFindings(facts),
    ...safetyFindings(facts),
    ...serverFindings(facts),
    ...processFindings(facts),
    ...("running" in plan ? planFindings({ now: time, sessions: facts.sessions }, plan) : []),
  ]);
}

function journalFindings({ plan, fault }: DatabaseFacts): readonly Finding[] {
  const remedy = (isNewer: boolean) =>
    isNewer
      ? "restart the MCP servers of the older version; if they stay older, update this program"
      : "see the message; a damaged journal is restored from a backup of the database";
  if (fault !== undefined) {
    const isNewer = fault.kind === "newer";
    const message = `The journal is not whole at ${fault.place}: ${fault.why}`;
    return [problem(isNewer ? "newer_version" : "journal_damaged", message, remedy(isNewer))];
  }
  if ("running" in plan) return [];
  return [problem(plan.code, `The plan cannot be read: ${plan.message}`, remedy(plan.code === "newer_version"))];
}

function safetyFindings({ unsafe, standbyNames, standbys }: DatabaseFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (unsafe.length > 0) {
    findings.push(problem(
      "unsafe_settings",
      `The server has switched off ${nameSome(unsafe)}: a crash of its machine may lose calls that were answered`,
      "switch it on in postgresql.conf",
    ));
  }
  if (standbyNames === "") {
    findings.push(note(
      "not_replicated",
      "No commit waits for a standby: what was written since the last backup is on one machine only",
      "if that is not enough, set up a standby, and name it in synchronous_standby_names",
    ));
  } else if (standbys === 0) {
    findings.push(problem(
      "standby_missing",
      `Every commit waits for a standby (synchronous_standby_names = ${standbyNames}), and none is connected`,
      "start the standby, or take its name out of the setting",
    ));
  }
  return findings;
}

function serverFindings(
  { time, localTime, connections, maxConnections, missingRights }: DatabaseFacts,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (missingRights.length > 0) {
    findings.push(problem(
      "rights_missing",
      `This user lacks ${nameSome(missingRights)}, which servers need`,
      "grant the rights that docs/postgresql.md lists, or give doctor the user of the servers",
    ));
  }
  if (connections >= MOST_CONNECTIONS * maxConnections) {
    findings.push(problem(
      "connections",
      `${connections} of ${maxConnections} connections of the server are in use`,
      "raise max_connections, or end clients: each of our processes has 2, and 1 more while it waits",
    ));
  }
  const differenceMs = localTime - time;
  if (Math.abs(differenceMs) > CLOCK_DIFFERENCE_MS) {
    findings.push(note(
      "clock_differs",
      `The clock of this machine is ${Math.abs(Math.round(differenceMs / 1_000))} s ${
        differenceMs > 0 ? "ahead of" : "behind"
      } that of the database, which decides`,
      "set the clocks right, so that times in logs agree",
    ));
  }
  return findings;
}

/** The JSON of `doctor --json`: fields may be added. Times are ISO 8601. */
function report(facts: DatabaseFacts, findings: readonly Finding[], problems: number) {
  const { url, project, version, format, plan, sessions, serverVersion, sizeBytes, time, localTime } = facts;
  return {
    ok: problems === 0,
    store: url,
    project,
    checkedAt: isoTime(time),
    version,
    format,
    serverVersion,
    sizeBytes,
    clockDifferenceMs: Math.round(localTime - time),
    connections: facts.connections,
    maxConnections: facts.maxConnections,
    standbys: facts.standbys,
    ...("running" in plan && { records: plan.records }),
    ...usersOf(sessions, plan),
    findings,
  };
}

function* linesOf(facts: DatabaseFacts, findings: readonly Finding[], problems: number): Iterable<string> {
  const { url, project, plan, sessions, serverVersion, sizeBytes, wasVerified, fault } = facts;
  yield visible(`Data:       project ${project} at ${url} (the database has ${describeBytes(sizeBytes)})`);
  if ("running" in plan) {
    const checked = !wasVerified
      ? "--verify checks all of them"
      : fault === undefined
      ? "all were checked"
      : "not all are whole";
    yield `Journal:    ${counted(plan.records, "record")}; ${checked}`;
  }
  yield visible(`Database:   PostgreSQL ${serverVersion}, ${facts.connections} of ${facts.maxConnections} connections`);
  yield* linesOfUsers(sessions, plan);
  yield* linesOfFindings(findings, problems);
}
