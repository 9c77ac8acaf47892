/** Shows when a command counts as a repeat, and what a repeat is answered. */

import { assertEquals, assertThrows } from "@std/assert";
import { localOperator } from "../../../src/core/model/access.ts";
import { MAX_REPEATED } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { callerRequest, formatRequest } from "../../../src/core/model/request.ts";
import { repeatedAnswer, repeatedBy } from "../../../src/core/rules/repeats.ts";
import { evolveRecord } from "../../../src/core/state/evolve.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { newTask, stateAfter, times } from "../given.ts";

const caller = localOperator("test");
const command = { type: "cancel_task", id: "a" } as const;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function remembering() {
  const state = emptyState();
  evolveRecord(state, {
    seq: 7,
    at: 1,
    actor: "test",
    request: formatRequest(callerRequest("r", command)),
    command: "cancel_task",
    events: [{ type: "tasks.created", tasks: [newTask("a")] }],
  });
  return state;
}

test("the same command of the same caller with the same id is a repeat", () => {
  const state = remembering();
  assertEquals(repeatedBy(state, command, { caller, now: 1, request: callerRequest("r", command) })?.seq, 7);
  assertEquals(repeatedBy(state, command, { caller, now: 1, request: callerRequest("s", command) }), undefined);
  const other = localOperator("other");
  assertEquals(repeatedBy(state, command, { caller: other, now: 1, request: callerRequest("r", command) }), undefined);
});

test("another command or other parameters with the same id are refused", () => {
  for (
    const other of [{ ...command, id: "b" }, { ...command, reason: "" }, { ...command, type: "retry_task" } as const]
  ) {
    const refusal = assertThrows(
      () => repeatedBy(remembering(), other, { caller, now: 1, request: callerRequest("r", other) }),
      Refusal,
    );
    assertEquals([refusal.code, refusal.data], ["request_reused", { request: "r", seq: 7 }]);
  }
});

test("who has no right to the command is refused, even for a repeat", () => {
  const observer = { name: "test", role: "observer" } as const;
  const refusal = assertThrows(
    () => repeatedBy(remembering(), command, { caller: observer, now: 1, request: callerRequest("r", command) }),
    Refusal,
  );
  assertEquals(refusal.code, "forbidden");
});

test("a repeat shows the tasks and groups that it names or claimed as they are now", () => {
  const state = stateAfter(
    { type: "create_group", id: "g", settings: {} },
    { type: "create_tasks", tasks: [newTask("a"), { ...newTask("b"), group: "g" }] },
    { type: "cancel_task", id: "a" },
  );
  const tasks = [newTask("a"), newTask("gone")];
  const answer = repeatedAnswer(state, { type: "create_tasks", tasks }, { seq: 2, caller, now: 1 });
  assertEquals(answer.tasks.map(({ id, status }) => [id, status]), [["a", "cancelled"]]);
  assertEquals([answer.repeated, answer.seq, answer.groups], [true, 2, []]);
  const claim = { type: "claim_task", instance: "i" } as const;
  assertEquals(repeatedAnswer(state, claim, { seq: 2, claimed: "b", caller, now: 1 }).tasks.map(({ id }) => id), ["b"]);
  const group = repeatedAnswer(state, { type: "update_group", id: "g", settings: {} }, { seq: 2, caller, now: 1 });
  assertEquals(group.groups.map(({ id, total }) => [id, total]), [["g", 1]]);
});

test("a repeat shows a bounded number of tasks", () => {
  const tasks = times(MAX_REPEATED + 1, (index) => newTask(`t${index}`));
  const state = stateAfter({ type: "create_tasks", tasks });
  assertEquals(
    repeatedAnswer(state, { type: "create_tasks", tasks }, { seq: 1, caller, now: 1 }).tasks.length,
    MAX_REPEATED,
  );
});
