/** What `doctor` finds: from the facts about a data directory, everything that an operator should know or do. Pure. */

import { nameSome } from "../core/model/text.ts";
import { type DoctorFacts, type Finding, note, problem } from "./doctor_facts.ts";
import { planFindings } from "./doctor_plan_findings.ts";
import { isLasting } from "./tokens.ts";
import { describeBytes, describeProcess } from "./doctor_words.ts";

/** Less free room than this is a problem: a record has at most 4 MiB, and a checkpoint is written beside the old one. */
const MIN_FREE_BYTES = 256 * 1024 * 1024;

/** Everything that the facts show, problems first. */
export function findingsOf(facts: DoctorFacts): readonly Finding[] {
  const all = [
    ...journalFindings(facts),
    ...lockFindings(facts),
    ...processFindings(facts),
    ...placeFindings(facts),
    ...("running" in facts.plan ? planFindings(facts, facts.plan) : []),
    ...unknownFindings(facts),
  ];
  return sorted(all);
}

/** Problems first. */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...findings.filter(({ severity }) => severity === "problem"),
    ...findings.filter(({ severity }) => severity === "note"),
  ];
}

const RESTART = "restart the MCP servers of the older version; if they stay older, update this program";

function journalFindings({ plan, fault, missingSegment, checkpoint }: DoctorFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (!("running" in plan)) {
    const remedy = plan.code === "newer_version"
      ? RESTART
      : plan.code === "journal_damaged"
      ? "run verify, which shows where; then repair, which keeps a copy, or put a backup in its place"
      : "see the message; then run doctor again";
    findings.push(problem(plan.code, `The plan cannot be read: ${plan.message}`, remedy));
  }
  if (missingSegment !== undefined) {
    findings.push(
      problem("segment_missing", `${missingSegment} is missing`, "put it back from a backup, or run repair"),
    );
  }
  if (fault !== undefined) {
    const message = `The journal is not whole at ${fault.place}: ${fault.why}`;
    if (fault.kind === "torn") findings.push(note("torn_record", message, "nothing to do: the next write cuts it off"));
    else {
      const remedy = fault.kind === "newer" ? RESTART : "run repair, which keeps a copy, or put a backup in its place";
      findings.push(problem(fault.kind === "newer" ? "newer_version" : "journal_damaged", message, remedy));
    }
  }
  if (checkpoint === "newer") {
    findings.push(problem("newer_checkpoint", "state.json was written by a newer version of this program", RESTART));
  }
  if (checkpoint === "damaged") {
    findings.push(note(
      "damaged_checkpoint",
      "state.json is damaged; nothing is lost, as the journal has all",
      "start a server, which replaces it",
    ));
  }
  return findings;
}

function lockFindings({ sessions, lock }: DoctorFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (lock.isHeld) {
    const holder = sessions.find(({ isLive, pid }) => isLive && pid !== undefined && pid === lock.pid);
    const who = lock.pid === undefined
      ? "a process that this program may not find out"
      : holder === undefined
      ? `process ${lock.pid}`
      : describeProcess(holder);
    findings.push(problem(
      "lock_held",
      `The write lock is held by ${who}${lock.isStopped === true ? ", which is stopped" : ""}: nobody can write`,
      lock.pid === undefined
        ? "run doctor with deno's flag -A, or lslocks, to find out; then " +
          "resume that process (kill -CONT PID), or end it (kill PID)"
        : `resume it (kill -CONT ${lock.pid}), or end it (kill ${lock.pid}): what it has not written is not acknowledged`,
    ));
  }
  return findings;
}

/** What the processes that use the plan show, in whatever store it is. */
export function processFindings(
  { sessions, version, format, plan }: Pick<DoctorFacts, "sessions" | "version" | "format" | "plan">,
): readonly Finding[] {
  const live = sessions.filter(({ isLive }) => isLive);
  const findings: Finding[] = [];
  for (const each of live.filter(({ isStopped }) => isStopped === true)) {
    findings.push(problem(
      "process_stopped",
      `${describeProcess(each)} is stopped, and keeps the tasks of its client`,
      `resume it (kill -CONT ${each.pid}), or end it (kill -KILL ${each.pid}): its tasks go back after the grace period`,
    ));
  }
  for (const each of live) {
    const { about } = each;
    if (about === undefined) {
      findings.push(note(
        "unknown_version",
        `${describeProcess(each)} does not tell its version: it is just starting, or an early 1.4`,
        "run doctor again in a moment; if it stays so, restart that server",
      ));
    } else if (about.format < format) {
      findings.push(problem(
        "older_process",
        `${
          describeProcess(each)
        } knows the journal up to format ${about.format} only, and this program writes ${format}`,
        "restart that server",
      ));
    } else if (about.version !== version) {
      findings.push(note(
        "other_version",
        `${describeProcess(each)} is of another version than this program, ${version}`,
        "restart the servers after an upgrade, so that all are of one version",
      ));
    }
  }
  const isServed = live.some(({ about }) => about?.transport === "http" && about.isOpen !== true);
  const hasAdmin = !("running" in plan) || plan.tokens.some(isLasting);
  if (isServed && !hasAdmin) {
    findings.push(problem(
      "no_admin_token",
      "A service runs, and no admin has a valid token",
      "run token issue --name NAME --role admin, or restart the service, which issues one",
    ));
  }
  return findings;
}

function placeFindings({ directory, fileSystem, sizeBytes, exposed, setAside }: DoctorFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (fileSystem?.remote !== undefined) {
    findings.push(problem(
      "network_file_system",
      `${directory} is on ${fileSystem.remote}, whose locks and syncs cannot be relied on`,
      "end all servers, and move the data to a local disk",
    ));
  }
  // A checkpoint is written whole before it takes the place of the old one.
  if (fileSystem !== undefined && fileSystem.freeBytes < Math.max(MIN_FREE_BYTES, sizeBytes)) {
    findings.push(problem(
      "disk_space",
      `Only ${describeBytes(fileSystem.freeBytes)} are free, and the data has ${describeBytes(sizeBytes)}`,
      "make room on that disk; calls that do not fit are refused, and nothing is lost",
    ));
  }
  if (exposed.length > 0) {
    const names = exposed.map(({ path, mode }) => `${path} (${mode.toString(8)})`);
    findings.push(problem(
      "readable_by_others",
      `Other users of this machine may read ${nameSome(names)}`,
      `run chmod -R go= ${directory}; if a group shares it on purpose, chmod -R o= and g+w on the directory`,
    ));
  }
  if (setAside.length > 0) {
    findings.push(note(
      "set_aside",
      `Repairs and imports have put aside ${nameSome(setAside)}`,
      "look whether anything in it is needed, then delete it",
    ));
  }
  return findings;
}

function unknownFindings({ fileSystem, knowsHolders, lock }: DoctorFacts): readonly Finding[] {
  return [
    ...(fileSystem === undefined
      ? [note(
        "file_system_unknown",
        "The free room and the kind of file system are not known, as a permission is missing",
        "start with deno's flag --allow-sys=statfs",
      )]
      : []),
    // A held lock says so itself.
    ...(knowsHolders || lock.isHeld ? [] : [note(
      "holders_unknown",
      "Whether a process is stopped is not known: that is in /proc, on Linux, for programs with all permissions",
      "start with deno's flag -A",
    )]),
  ];
}
