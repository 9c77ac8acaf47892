/** Shows each finding of `doctor`, with a remedy, and that nothing is found where nothing is to do. Needs no files. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ProcessAbout } from "../../src/app/ports.ts";
import { printDoctor } from "../../src/cli/doctor.ts";
import type {
  DoctorFacts,
  HandlerFact,
  LockFact,
  PlanFacts,
  ProcessFact,
  RunningTask,
  WebhookFact,
} from "../../src/cli/doctor_facts.ts";
import { findingsOf } from "../../src/cli/doctor_findings.ts";
import type { TokenView } from "../../src/core/model/token.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1_000;
const GIB = 1024 ** 3;

const ABOUT: ProcessAbout = { pid: 7, version: "1.4.0", format: 5, transport: "stdio", startedAt: NOW, client: "cli" };

const NOBODY: LockFact = { isHeld: false };
const LED: LockFact = { isHeld: true, pid: 7 };

const PLAN: PlanFacts = {
  records: 3,
  recordedAt: NOW,
  tokens: [],
  running: [],
  lostInstances: [],
  webhooks: [],
  handlerFiles: [],
};

const FACTS: DoctorFacts = {
  directory: "/data",
  now: NOW,
  version: "1.4.0",
  format: 5,
  sessions: [],
  lock: { isHeld: false },
  fileSystem: { freeBytes: 10 * GIB },
  sizeBytes: 1_000,
  exposed: [],
  setAside: [],
  checkpoint: "usable",
  knowsHolders: true,
  plan: PLAN,
  wasVerified: false,
};

function live(about: Partial<ProcessAbout> = {}, rest: Partial<ProcessFact> = {}): ProcessFact {
  return { id: "s", isLive: true, pid: 7, about: { ...ABOUT, ...about }, ...rest };
}

function token(settings: Partial<TokenView>): TokenView {
  return { name: "ci", role: "admin", createdAt: NOW, isExpired: false, ...settings };
}

/** A plan with one webhook, whose last record is two minutes old. */
function delivering(settings: Partial<WebhookFact>): PlanFacts {
  const webhook = { name: "chat", lead: NOBODY, attempts: 0, deadLetters: 0, isBehind: false, ...settings };
  return { ...PLAN, recordedAt: NOW - 120_000, webhooks: [webhook] };
}

/** A plan with one handler, whose last record is two minutes old. */
function handling(settings: Partial<HandlerFact>): PlanFacts {
  const handler = { name: "tell", lead: LED, attempts: 0, isBehind: false, ...settings };
  const file = { places: "deliveries/handlers-1.json", lead: handler.lead, handlers: [handler] };
  return { ...PLAN, recordedAt: NOW - 120_000, handlerFiles: [file] };
}

function running(settings: Partial<RunningTask>): PlanFacts {
  return { ...PLAN, running: [{ id: "a", assignedTo: "ann", attempt: 2, ...settings }] };
}

/** Facts that show something, and what is found: the code, and a part of the message or remedy. Problems have a `!`. */
const CASES: readonly (readonly [Partial<DoctorFacts>, code: string, text: string])[] = [
  [{ plan: { code: "newer_version", message: "format 9" } }, "newer_version!", "format 9"],
  [{ plan: { code: "journal_damaged", message: "line 3" } }, "journal_damaged!", "run verify"],
  [{ plan: { code: "storage_failed", message: "EIO" } }, "storage_failed!", "EIO"],
  [{ missingSegment: "/data/journal/2" }, "segment_missing!", "/data/journal/2 is missing"],
  [{ fault: { kind: "torn", place: "line 3", why: "5 bytes" } }, "torn_record", "the next write cuts it off"],
  [{ fault: { kind: "newer", place: "line 3", why: "v9" } }, "newer_version!", "update this program"],
  [{ fault: { kind: "damaged", place: "line 3", why: "hash" } }, "journal_damaged!", "run repair"],
  [{ checkpoint: "newer" }, "newer_checkpoint!", "newer version"],
  [{ checkpoint: "damaged" }, "damaged_checkpoint", "start a server"],
  [{ lock: { isHeld: true } }, "lock_held!", "lslocks"],
  [{ lock: { isHeld: true, pid: 9, isStopped: true } }, "lock_held!", "process 9, which is stopped"],
  [{ lock: { isHeld: true, pid: 7 }, sessions: [live()] }, "lock_held!", "Process 7 (version 1.4.0, stdio, cli)"],
  [{ sessions: [live({}, { isStopped: true })] }, "process_stopped!", "kill -CONT 7"],
  [{ sessions: [{ id: "s", isLive: true, about: undefined }] }, "unknown_version", "The process of session s"],
  [{ sessions: [live({ format: 4, version: "1.3.9" })] }, "older_process!", "format 4 only"],
  [{ sessions: [live({ version: "1.4.1" })] }, "other_version", "Process 7 (version 1.4.1, stdio, cli)"],
  [{ sessions: [live({ transport: "http" })] }, "no_admin_token!", "token issue"],
  [{ fileSystem: { freeBytes: 10 * GIB, remote: "NFS" } }, "network_file_system!", "/data is on NFS"],
  [{ fileSystem: { freeBytes: 200 * 1024 ** 2 } }, "disk_space!", "Only 200.0 MiB are free"],
  [{ fileSystem: { freeBytes: GIB }, sizeBytes: 2 * GIB }, "disk_space!", "the data has 2.0 GiB"],
  [{ fileSystem: undefined }, "file_system_unknown", "--allow-sys=statfs"],
  [{ knowsHolders: false }, "holders_unknown", "-A"],
  [{ exposed: [{ path: "/data/journal/1", mode: 0o644 }] }, "readable_by_others!", "/data/journal/1 (644)"],
  [{ setAside: ["repaired-1"] }, "set_aside", "repaired-1"],
  [{ plan: { ...PLAN, clockWarning: "ahead" } }, "clock_ahead!", "clock correct"],
  [{ plan: { ...PLAN, paused: { reason: "disk", at: NOW, by: { caller: "cli" } } } }, "paused!", "by cli: disk"],
  [{ plan: { ...PLAN, tokens: [token({ expiresAt: NOW + 7 * DAY_MS - 1 })] } }, "token_expires!", "ci (2026-01-07"],
  [{ plan: { ...PLAN, tokens: [token({ expiresAt: NOW - 1, isExpired: true })] } }, "token_expired", "token revoke"],
  [{ plan: running({ session: "gone" }) }, "holders_gone!", "a (ann, attempt 2)"],
  [{ plan: running({}) }, "holders_unwatched!", "release_task"],
  [{ sessions: [live({}, { isLive: false })] }, "dead_sessions", "Process 7"],
  [{ plan: { ...PLAN, lostInstances: ["ann"] } }, "instances_lost", "ann"],
  [{ plan: delivering({ disabled: "410", attempts: 2, isBehind: true }) }, "webhook_disabled!", "any more: 410"],
  [
    { plan: delivering({ attempts: 2, error: "502", retryAt: NOW, isBehind: true }) },
    "delivery_fails!",
    "2 times (502)",
  ],
  [{ plan: delivering({ isBehind: true }) }, "delivery_behind", "--allow-net=HOST"],
  [{ plan: delivering({ isBehind: true }), sessions: [live()] }, "delivery_behind!", "by nobody"],
  [
    { plan: delivering({ isBehind: true, lead: LED }), sessions: [live()] },
    "delivery_behind!",
    "process 7. run doctor again",
  ],
  [{ plan: delivering({ deadLetters: 3 }) }, "dead_letters!", "3 events were given up"],
  [{ plan: delivering({ deadLetters: 1 }) }, "dead_letters!", "1 event was given up for webhook chat"],
  [{ plan: handling({ attempts: 2, isBehind: true }) }, "handler_fails!", "tell has failed 2 times"],
  [{ plan: handling({ isBehind: true }) }, "handler_behind", "(process 7)"],
  [
    { plan: handling({ passedOver: { id: "9.0", at: NOW - DAY_MS + 1 } }) },
    "handler_passed_over!",
    "event 9.0 at 2025",
  ],
  [{ plan: handling({ lead: NOBODY }), sessions: [live()] }, "handlers_idle!", "remove deliveries/handlers-1.json"],
  [
    { plan: { ...PLAN, handlerFiles: [{ places: "deliveries/h.json", lead: NOBODY, handlers: undefined }] } },
    "handlers_unreadable!",
    "deliveries/h.json cannot be read",
  ],
];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("each thing that is wrong is found, alone, with what would help", () => {
  for (const [facts, code, text] of CASES) {
    const findings = findingsOf({ ...FACTS, ...facts });
    assertEquals(findings.map((each) => each.code + (each.severity === "problem" ? "!" : "")), [code]);
    const [{ message, remedy } = { message: "", remedy: "" }] = findings;
    assertStringIncludes(`${message}. ${remedy}`, text);
    assert(remedy.length > 10, code);
  }
});

test("nothing is found where nothing is to do", () => {
  const fine: readonly Partial<DoctorFacts>[] = [
    {},
    { checkpoint: "none", wasVerified: true },
    { sessions: [live(), live({ transport: "http", isOpen: true }, { id: "t" })] },
    { sessions: [live({ transport: "http" })], plan: { ...PLAN, tokens: [token({})] } },
    { plan: { ...PLAN, tokens: [token({ expiresAt: NOW + 7 * DAY_MS })] } },
    { plan: { ...PLAN, tokens: [token({ name: "signin-a", expiresAt: NOW + 1 })] } },
    { plan: { ...PLAN, tokens: [token({ name: "dashboard-a", expiresAt: NOW - 1, isExpired: true })] } },
    { sessions: [live()], plan: running({ session: "s" }) },
    { plan: running({ leaseUntil: NOW + 1, session: "gone" }) },
    { plan: delivering({}) },
    { plan: { ...delivering({ isBehind: true }), recordedAt: NOW - 1_000 } },
    { plan: handling({}), sessions: [live()] },
    { plan: { ...handling({ isBehind: true }), recordedAt: NOW - 1_000 } },
    { plan: handling({ passedOver: { id: "9.0", at: NOW - DAY_MS } }) },
    { plan: handling({ lead: NOBODY, isBehind: true }) },
  ];
  for (const facts of fine) assertEquals(findingsOf({ ...FACTS, ...facts }), []);
});

test("problems come before notes, and decide the exit code; the JSON has all of them", () => {
  const cases: readonly (readonly [Partial<DoctorFacts>, code: number, last: string])[] = [
    [{}, 0, "OK: nothing to do"],
    [{ setAside: ["x"] }, 0, "OK: nothing to do"],
    [{ setAside: ["x"], lock: { isHeld: true } }, 1, "1 problem"],
    [{ setAside: ["x"], lock: { isHeld: true }, checkpoint: "newer" }, 1, "2 problems"],
  ];
  for (const [more, code, last] of cases) {
    const facts = { ...FACTS, sessions: [live({ calledAt: NOW })], ...more };
    const [lines, json] = [printed(facts, false), printed(facts, true)];
    assertEquals([lines.code, json.code, lines.printed.at(-1)], [code, code, last]);
    const report = JSON.parse(json.printed.join("\n"));
    assertEquals([report.ok, report.findings], [code === 0, findingsOf(facts)]);
    assertEquals(report.processes[0].calledAt, "2026-01-01T00:00:00.000Z");
    const severities = findingsOf(facts).map(({ severity }) => severity);
    assertEquals(severities, severities.toSorted().reverse());
  }
});

test("what the data and its processes say cannot steer the terminal", () => {
  const evil = "\x1b[2J\u202e";
  const facts: DoctorFacts = {
    ...FACTS,
    directory: `/data${evil}`,
    sessions: [live({ client: evil, version: evil })],
    plan: { ...handling({ name: evil, attempts: 1 }), paused: { reason: evil, at: NOW, by: { caller: evil } } },
  };
  for (const line of printed(facts, false).printed) assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(line), line);
});

function printed(facts: DoctorFacts, json: boolean) {
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), columns: 80, hasColors: false };
  return { code: printDoctor(facts, json, terminal), printed: lines };
}
