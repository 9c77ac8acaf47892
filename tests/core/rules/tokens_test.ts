/** Shows how tokens are issued and revoked, and that a caller has the rights that its token has at the time of the call. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Command, CommandType, Context } from "../../../src/core/messages/commands.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import type { QueryOf } from "../../../src/core/messages/queries.ts";
import { type Caller, Denied } from "../../../src/core/model/access.ts";
import { MAX_RECORD_DENIALS, MAX_TOKENS } from "../../../src/core/model/limits.ts";
import { callerRequest } from "../../../src/core/model/request.ts";
import type { NewToken } from "../../../src/core/model/token.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { repeatedBy } from "../../../src/core/rules/repeats.ts";
import { evolveRecord } from "../../../src/core/state/evolve.ts";
import { restore, snapshotOf } from "../../../src/core/state/snapshot.ts";
import type { ReadonlyState, State } from "../../../src/core/state/state.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { claim, create, newTask, refusalOf, run, stateAfter, times } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const DIGEST = "a".repeat(64);

/** The holder of the token that `issue` makes. */
const HOLDER: Caller = { name: "agent", token: DIGEST, via: { transport: "stdio", process: "1" } };

function issue(settings: Partial<NewToken> = {}) {
  return { type: "issue_token" as const, token: { name: "ci", role: "worker" as const, digest: DIGEST, ...settings } };
}

function contextOf(caller: Caller, now: number): Context {
  return { caller, now, clock: now, defaults: {} };
}

/** The code with which a command is refused at a time; undefined if it is not. */
function codeOf(state: ReadonlyState, command: Command, now = 10, caller = HOLDER): string | undefined {
  try {
    decide<CommandType>(state, command, contextOf(caller, now));
    return undefined;
  } catch (error) {
    if (error instanceof Denied) return error.code;
    throw error;
  }
}

/** A state and what is left of it after it was written as JSON. */
function bothOf(state: State): readonly State[] {
  return [state, restore(JSON.parse(JSON.stringify(snapshotOf(state))))];
}

test("the holder of a token has the rights of its role, until it is revoked, in a restored state, too", () => {
  for (const state of bothOf(stateAfter(issue()))) {
    assertEquals(codeOf(state, create(newTask("a"))), undefined);
    assertEquals(codeOf(state, { type: "retry_task", id: "a" }), "forbidden");
    assertEquals(codeOf(state, create(newTask("a")), 10, { ...HOLDER, token: "b".repeat(64) }), "unauthorized");
    run(state, { type: "revoke_token", name: "ci" }, 11);
    assertEquals(codeOf(state, create(newTask("a")), 11), "unauthorized");
    assertEquals([state.tokens.size, state.digests.size], [0, 0]);
    run(state, issue({ role: "planner", digest: "c".repeat(64) }), 12);
    assertEquals(codeOf(state, create(newTask("a")), 12), "unauthorized");
  }
});

test("a token expires at its time by the journal's clock", () => {
  for (const state of bothOf(stateAfter(issue({ expiresAt: 1_000 })))) {
    assertEquals(codeOf(state, create(newTask("a")), 999), undefined);
    assertEquals(codeOf(state, create(newTask("a")), 1_000), "unauthorized");
    const [listed] = answer(state, { type: "list_tokens" }, contextOf({ name: "cli", role: "admin" }, 1_000));
    assertEquals([listed?.name, listed?.isExpired, listed !== undefined && "digest" in listed], ["ci", true, false]);
  }
});

test("a caller with a bound token speaks for its instance only", () => {
  const state = stateAfter(issue({ instance: "x" }), create(newTask("a"), newTask("b")));
  assertEquals(codeOf(state, claim("x")), undefined);
  const others: readonly Command[] = [
    claim("y"),
    { type: "report_progress", id: "a", instance: "y" },
    { type: "complete_task", id: "a", instance: "y", result: "" },
    { type: "fail_task", id: "a", instance: "y", error: "" },
    { type: "release_task", id: "a", instance: "y" },
    { type: "add_note", id: "a", instance: "y", text: "" },
    { type: "register_instance", instance: "y", settings: {} },
    { type: "heartbeat", instance: "y" },
    { type: "leave", instance: "y" },
  ];
  for (const command of others) assertEquals(codeOf(state, command), "forbidden", command.type);
  assertEquals(codeOf(state, create(newTask("c"))), undefined);
  assertEquals(codeOf(state, { type: "add_note", id: "a", text: "n" }), undefined);
  // What it sees is not bound.
  const history: QueryOf<"select_notifications"> = {
    type: "select_notifications",
    records: [],
    filter: { instance: "y" },
    source: "",
  };
  assertEquals(answer(state, history, contextOf(HOLDER, 10)), []);
  const refusal = refusalOf(() => decide(state, claim("y"), contextOf(HOLDER, 10)));
  assertEquals(
    refusal.message,
    "Cannot claim_task as instance y as the token ci is bound to instance x: give that instance_id, or none",
  );
});

test("the caller is told how it is known now", () => {
  const token = { role: "planner", instance: "x", audiences: ["team"] } as const;
  const known = answer(stateAfter(issue(token)), { type: "get_caller" }, contextOf(HOLDER, 10));
  assertEquals(known, { name: "agent", via: { transport: "stdio", process: "1", token: "ci" }, ...token });
});

test("tokens that cannot be are refused, and the message says what would work", () => {
  const state = stateAfter(issue());
  const cases: readonly (readonly [Partial<NewToken>, code: string, message: string])[] = [
    [{}, "already_exists", "use another name, or revoke it first"],
    [{ name: "new" }, "already_exists", "make a new one"],
    [{ name: "", digest: "b".repeat(64) }, "invalid_value", "Token name is empty"],
    [{ name: "new", digest: "short" }, "invalid_value", "64 hexadecimal digits"],
    [{ name: "new", digest: "b".repeat(64), instance: " " }, "invalid_value", "Instance id"],
    [{ name: "new", digest: "b".repeat(64), audiences: [""] }, "invalid_value", "Audience is empty"],
    [{ name: "new", digest: "b".repeat(64), role: "admin", audiences: ["t"] }, "invalid_value", "leave them out"],
    [{ name: "new", digest: "b".repeat(64), expiresAt: 5 }, "invalid_value", "give a later time"],
    [{ name: "new", digest: "b".repeat(64), expiresAt: 1.5 }, "invalid_value", "whole number"],
  ];
  for (const [settings, code, message] of cases) {
    const refusal = refusalOf(() => run(state, issue(settings), 10));
    assertEquals(refusal.code, code, message);
    assertStringIncludes(refusal.message, message);
  }
  assertEquals(refusalOf(() => run(state, { type: "revoke_token", name: "no" }, 10)).code, "not_found");
  const full = stateAfter(...times(MAX_TOKENS, (index) => {
    return issue({ name: `t${index}`, digest: String(index).padStart(64, "0") });
  }));
  assertEquals(refusalOf(() => run(full, issue({ digest: "b".repeat(64) }), 10)).code, "limit_exceeded");
});

test("a request id is that of the holder of one token: another holder's repeat is carried out", () => {
  const state = stateAfter(issue(), issue({ name: "other", digest: "b".repeat(64) }));
  const command = create(newTask("a"));
  const record: JournalRecord = {
    seq: 3,
    at: 5,
    actor: "agent",
    via: { transport: "stdio", token: "ci" },
    request: `r#${callerRequest("r", command).fingerprint}`,
    command: "create_tasks",
    events: [],
  };
  evolveRecord(state, record);
  for (const each of bothOf(state)) {
    const repeated = (caller: Caller) =>
      repeatedBy(each, command, { caller, now: 6, request: callerRequest("r", command) });
    assertEquals(repeated(HOLDER)?.seq, 3);
    assertEquals(repeated({ ...HOLDER, token: "b".repeat(64) }), undefined);
    assertEquals(repeated({ name: "agent", role: "admin" }), undefined);
  }
});

test("only admins see tokens and denials in the history, and only the audit has commands", () => {
  const denial = {
    caller: "agent",
    call: "retry_task",
    reason: "role",
    verb: "plan",
    role: "worker",
    tasks: ["a"],
  } as const;
  const records: readonly JournalRecord[] = [
    { seq: 1, at: 1, actor: "cli", command: "issue_token", events: [{ type: "token.issued", token: issue().token }] },
    { seq: 2, at: 2, actor: "x", command: "create_tasks", events: [{ type: "tasks.created", tasks: [newTask("a")] }] },
    { seq: 3, at: 3, actor: "orchestrator", command: "record_denials", events: [{ type: "access.denied", denial }] },
  ];
  const selection = { records, filter: {}, source: "s" };
  const select = (role: "admin" | "planner") =>
    answer(emptyState(), { type: "select_notifications", ...selection }, contextOf({ name: "c", role }, 5));
  assertEquals(select("planner").map(({ id }) => id), ["2.0"]);
  assertEquals(select("admin").map(({ id }) => id), ["1.0", "2.0", "3.0"]);
  const audit = answer(
    emptyState(),
    { type: "select_audit", ...selection, filter: { task: "a" } },
    contextOf({ name: "c", role: "admin" }, 5),
  );
  assertEquals(audit.map(({ data }) => [data.actor, data["command"]]), [["x", "create_tasks"], [
    "agent",
    "record_denials",
  ]]);
  assertEquals(JSON.stringify(select("admin")).includes(DIGEST), false);
});

test("a record has at most 50 denials", () => {
  const denial = { caller: "agent", call: "heartbeat", reason: "role", verb: "work" } as const;
  const record = (count: number) => ({ type: "record_denials" as const, denials: times(count, () => denial) });
  const state = emptyState();
  assertEquals(run(state, record(MAX_RECORD_DENIALS), 1).answer, { recorded: MAX_RECORD_DENIALS });
  assertEquals(refusalOf(() => run(state, record(MAX_RECORD_DENIALS + 1), 1)).code, "limit_exceeded");
});
