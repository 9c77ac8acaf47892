/** Shows what callers of each role may do, and that every command and query asks for its right before all else. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CommandOf, CommandType, Context } from "../../../src/core/messages/commands.ts";
import type { QueryOf, QueryType } from "../../../src/core/messages/queries.ts";
import { localOperator, type Role, ROLES, type Verb } from "../../../src/core/model/access.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { VERBS } from "../../support/rights.ts";
import { newTask } from "../given.ts";

const HOLDING = { id: "a", instance: "x" };

/** Each command with the right that it needs: the types keep these complete. */
const COMMANDS: { readonly [K in CommandType]: readonly [Verb, Omit<CommandOf<K>, "type">] } = {
  create_tasks: ["work", { tasks: [newTask("new")] }],
  import_tasks: ["administer", { tasks: [] }],
  update_task: ["plan", { id: "a" }],
  delete_task: ["plan", { id: "a" }],
  claim_task: ["work", { instance: "x" }],
  report_progress: ["work", HOLDING],
  complete_task: ["work", { ...HOLDING, result: "" }],
  fail_task: ["work", { ...HOLDING, error: "" }],
  release_task: ["work", HOLDING],
  cancel_task: ["plan", { id: "a" }],
  retry_task: ["plan", { id: "a" }],
  add_note: ["work", { id: "a", text: "note" }],
  redact_task: ["administer", { id: "a", fields: ["result"], reason: "leak", records: [[1, "0".repeat(64)]] }],
  bulk_update: ["plan", { filter: {}, action: { type: "retry" }, isAtomic: true }],
  archive_tasks: ["plan", { filter: { status: ["completed"] } }],
  register_instance: ["work", { instance: "x", settings: {} }],
  heartbeat: ["work", { instance: "x" }],
  leave: ["work", { instance: "x" }],
  create_group: ["plan", { id: "g", settings: {} }],
  update_group: ["plan", { id: "g", settings: {} }],
  delete_group: ["plan", { id: "g" }],
  save_template: ["plan", { template: { name: "t", parameters: [], tasks: [newTask("a")] } }],
  apply_template: ["plan", { name: "t", group: "g", settings: {}, parameters: {} }],
  archive_template: ["plan", { name: "t", isArchived: true }],
  issue_token: ["administer", { token: { name: "t", role: "worker", digest: "0".repeat(64) } }],
  revoke_token: ["administer", { name: "t" }],
  pause_project: ["administer", { reason: "r" }],
  resume_project: ["administer", {}],
  add_webhook: ["administer", { webhook: { name: "w", id: "i", url: "https://example.com", secret: "s" } }],
  rotate_webhook: ["administer", { name: "w", secret: "s", graceMs: 1 }],
  replay_webhook: ["administer", { name: "w" }],
  remove_webhook: ["administer", { name: "w" }],
  disable_webhook: ["administer", { name: "w", id: "i", why: "gone" }],
  record_denials: ["administer", { denials: [] }],
  record_failure: ["administer", { failure: { handler: "h", notification: "1.0", error: "e", tries: 1 } }],
  end_session: ["administer", { session: "s", how: "lost", graceMs: 1 }],
  resume_tasks: ["administer", { session: "s", calls: [{ instance: "x", at: 1 }] }],
  sweep: ["administer", {}],
  correct_clock: ["administer", {}],
};

const QUERIES: { readonly [K in QueryType]: readonly [Verb, Omit<QueryOf<K>, "type">] } = {
  get_task: ["see", { id: "a" }],
  list_tasks: ["see", { filter: {}, limit: 1 }],
  search_tasks: ["see", { filter: {}, limit: 1, text: "a" }],
  count_tasks: ["see", { filter: {} }],
  measure: ["see", { limit: 1 }],
  measure_task: ["see", { id: "a" }],
  explain_task: ["see", { id: "a" }],
  find: ["see", { tasks: ["a"], groups: ["g"] }],
  get_group: ["see", { id: "g" }],
  list_groups: ["see", { skip: 0, limit: 1 }],
  list_instances: ["see", { limit: 1, all: true, waiting: new Set() }],
  list_templates: ["see", {}],
  get_template: ["see", { name: "t" }],
  draw_graph: ["see", {}],
  complete_id: ["see", { kind: "task", prefix: "", limit: 1 }],
  measure_totals: ["see", {}],
  get_plan: ["see", {}],
  list_rows: ["see", {}],
  list_attempts: ["see", { limit: 1 }],
  export_tasks: ["administer", {}],
  has_archive: ["see", {}],
  next_order: ["administer", {}],
  export_plan: ["administer", {}],
  missing_of_plan: ["administer", { plan: { tasks: [], groups: [], templates: [] } }],
  next_event: ["administer", {}],
  watch_sessions: ["administer", { calls: [], after: "", limit: 1 }],
  select_notifications: ["see", { records: [], filter: {}, source: "" }],
  select_audit: ["administer", { records: [], filter: {}, source: "" }],
  get_project: ["see", {}],
  plan_redaction: ["administer", { id: "a", fields: ["result"] }],
  list_tokens: ["administer", {}],
  list_webhooks: ["administer", {}],
  look_back: ["see", {}],
  get_caller: ["see", {}],
  look_for_claims: ["administer", { claims: [] }],
};

function contextOf(role: Role): Context {
  return { caller: { name: "client#1", role }, now: 1, clock: 1, defaults: {} };
}

/** The code with which a call is refused; undefined if it is carried out. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code;
  }
}

for (const role of ROLES) {
  Deno.test({
    name: `a caller that is ${role} may ${VERBS[role].join(", ")}, and nothing else`,
    permissions: "none",
    fn() {
      for (const [type, [verb, input]] of Object.entries(COMMANDS)) {
        // Each entry is of the command that it names.
        const command = { type, ...input } as CommandOf<CommandType>;
        const code = codeOf(() => decide<CommandType>(emptyState(), command, contextOf(role)));
        assertEquals(code === "forbidden", !VERBS[role].includes(verb), `${type} as ${role}: ${code}`);
      }
      for (const [type, [verb, input]] of Object.entries(QUERIES)) {
        // Each entry is of the query that it names.
        const query = { type, ...input } as QueryOf<QueryType>;
        const code = codeOf(() => answer<QueryType>(emptyState(), query, contextOf(role)));
        assertEquals(code === "forbidden", !VERBS[role].includes(verb), `${type} as ${role}: ${code}`);
      }
    },
  });
}

Deno.test({
  name: "a refusal names who called, the right that is missing, who has it, and some of the objects",
  permissions: "none",
  fn() {
    const ids = Array.from({ length: 100 }, (_, index) => `t${index}`);
    const command = { type: "bulk_update" as const, filter: { ids, group: "g" }, action: { type: "retry" as const } };
    const context = contextOf("worker");
    const refusal = assertThrows(() => decide(emptyState(), { ...command, isAtomic: true }, context), Refusal);
    assertEquals(
      refusal.message,
      "Cannot bulk_update as client#1 is worker, which has no right to plan: ask a caller that is admin or planner",
    );
    assertEquals(refusal.data, {
      reason: "role",
      verb: "plan",
      role: "worker",
      tasks: ids.slice(0, 20),
      groups: ["g"],
    });
  },
});

Deno.test({
  name: "nothing is refused to the local operator",
  permissions: "none",
  fn() {
    const caller = localOperator("cli");
    for (const [verb] of [...Object.values(COMMANDS), ...Object.values(QUERIES)]) {
      assert(VERBS[caller.role].includes(verb));
    }
  },
});
