/** Shows how failures of handlers are recorded, and who sees them. */

import { assertEquals } from "@std/assert";
import type { HandlerFailure } from "../../../src/core/messages/events.ts";
import { MAX_FAILURE_CHARACTERS } from "../../../src/core/model/limits.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { refusalOf, run } from "../given.ts";

const FAILURE: HandlerFailure = { handler: "chat", notification: "3.0", error: "exit code 1", tries: 1 };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a failure is recorded as it was, and only admins see it", () => {
  const failure: HandlerFailure = { ...FAILURE, isPassedOver: true };
  const { events } = run(emptyState(), { type: "record_failure", failure }, 1);
  assertEquals(events, [{ type: "handler.failed", ...failure }]);
  const records = [{ seq: 4, at: 1, actor: "orchestrator", command: "record_failure", events }];
  const seen = (role: "admin" | "planner") =>
    answer(
      emptyState(),
      { type: "select_notifications", records, filter: {}, source: "s" },
      { now: 5, clock: 5, defaults: {}, caller: { name: "c", role } },
    );
  const { handler, ...data } = failure;
  assertEquals(seen("admin").map((each) => [each.type, each.subject, each.data]), [
    ["orchestrator.handler.failed", handler, { ...data, actor: "orchestrator" }],
  ]);
  assertEquals(seen("planner"), []);
});

test("a failure that cannot be one is refused", () => {
  const codeOf = (change: Partial<HandlerFailure>) =>
    refusalOf(() => run(emptyState(), { type: "record_failure", failure: { ...FAILURE, ...change } }, 1)).code;
  assertEquals(codeOf({ handler: "" }), "invalid_value");
  assertEquals(codeOf({ notification: "" }), "invalid_value");
  assertEquals(codeOf({ tries: 0 }), "invalid_value");
  assertEquals(codeOf({ error: "x".repeat(MAX_FAILURE_CHARACTERS + 1) }), "limit_exceeded");
  const longest = { ...FAILURE, error: "x".repeat(MAX_FAILURE_CHARACTERS) };
  assertEquals(run(emptyState(), { type: "record_failure", failure: longest }, 1).answer, { recorded: 1 });
});
