/** Shows that spans harm no call where nobody set a provider of them; tests/system/telemetry_test.ts shows them where one is. */

import { assertEquals } from "@std/assert";
import { localOperator } from "../../src/core/model/access.ts";
import { traceCalls } from "../../src/telemetry/traces.ts";

Deno.test("without a provider, calls and commits go on, whatever they bring", () => {
  const { onCall, onCommit } = traceCalls("1.2.3");
  const caller = localOperator("client", { transport: "http" });
  const call = { id: "r", method: "tools/call", tool: "create_task", caller, rpcId: "1", traceparent: "nonsense" };
  const end = onCall(call);
  const record = { seq: 1, at: 1, actor: "c", command: "c", events: [{ type: "task.deleted", id: "a" }] } as const;
  const cost = { lockWaitMs: 0, lockedMs: 0, syncMs: 0, sizeBytes: 0 };
  onCommit({ written: [{ caller, record }], durationMs: 1, cost });
  onCommit({ written: [{ caller: localOperator("other"), record }], durationMs: 1, cost, failure: "busy" });
  assertEquals(end({ outcome: "refused", code: "cycle" }), undefined);
});
