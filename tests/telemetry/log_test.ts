/** Shows the lines of the log: which are written at each level, for people and as JSON. */

import { assertEquals, assertMatch } from "@std/assert";
import { logOfCall } from "../../src/app/call_id.ts";
import { LOG_LEVELS, type LogOptions } from "../../src/app/log_options.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { logCalls } from "../../src/telemetry/call_log.ts";
import { createLog } from "../../src/telemetry/log.ts";

function open(options?: LogOptions) {
  const lines: string[] = [];
  return { lines, log: createLog((line) => lines.push(line), options) };
}

Deno.test("a level writes its own messages and those that matter more", () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    const { lines, log } = open({ level, format: "json" });
    for (const each of LOG_LEVELS) log[each]("text");
    assertEquals(lines.map((line) => JSON.parse(line).level), LOG_LEVELS.slice(0, index + 1));
  }
});

Deno.test("by default, lines are for people, without those of single calls", () => {
  const { lines, log } = open();
  log.debug("a call");
  log.warn("something\nwith a second line \x1b[31m");
  assertEquals(lines.length, 1);
  assertMatch(lines[0] ?? "", /^\d{4}-\S+Z orchestrator warning: something\n {2}with a second line {2}\[31m$/);
});

Deno.test("facts are at the end of the first line, in quotes where they need them", () => {
  const { lines, log } = open();
  log.error("failed\nat x", { request: "r-1", client: 'my "own"\nclient', code: undefined, ms: 1.5 });
  assertMatch(lines[0] ?? "", /error: failed request=r-1 client="my \\"own\\"\\nclient" ms=1\.5\n {2}at x$/);
});

Deno.test("JSON is one line whatever a message holds, with the facts as fields", () => {
  const { lines, log } = open({ format: "json" });
  log.error("a\nb\u2028", { request: "r", code: undefined });
  const [line = ""] = lines;
  assertEquals(line.split("\n").length, 1);
  const { time, ...rest } = JSON.parse(line);
  assertEquals(rest, { level: "error", message: "a\nb\u2028", request: "r" });
  assertEquals(new Date(time).toISOString(), time);
});

Deno.test("the log of a call puts its id into each message", () => {
  const { lines, log } = open({ format: "json" });
  const own = logOfCall(log, "r-7");
  own.info("a");
  own.warn("b");
  own.error("c", { code: "x" });
  assertEquals(lines.map((line) => JSON.parse(line)).map(({ message, request, code }) => [message, request, code]), [
    ["a", "r-7", undefined],
    ["b", "r-7", undefined],
    ["c", "r-7", "x"],
  ]);
});

Deno.test("a call is logged at debug only, with what it named and what it changed, and a bounded number of these", () => {
  assertEquals(logCalls(open({ level: "info" }).log), undefined);
  const { lines, log } = open({ level: "debug", format: "json" });
  const observer = logCalls(log);
  const caller = localOperator("client", { transport: "stdio" });
  const end = observer?.onCall?.({ id: "r", method: "tools/call", tool: "create_tasks", caller, instance: "w" });
  const tasks = Array.from({ length: 8 }, (_, index) => ({ id: `t${index}`, description: "secret", dependencies: [] }));
  const record = {
    seq: 1,
    at: 1,
    actor: "c",
    command: "create_tasks",
    events: [{ type: "tasks.created", tasks }],
  } as const;
  observer?.onCommit?.({
    written: [{ caller, record }],
    durationMs: 1,
    cost: { lockWaitMs: 0, lockedMs: 0, syncMs: 0, sizeBytes: 0 },
  });
  end?.({ outcome: "refused", code: "cycle" });
  const { time: _t, ms, ...rest } = JSON.parse(lines[0] ?? "");
  assertEquals(typeof ms, "number");
  assertEquals(rest, {
    level: "debug",
    message: "tools/call create_tasks: refused",
    code: "cycle",
    client: "client",
    transport: "stdio",
    task: "t0,t1,t2,t3,t4 and 3 more",
    instance: "w",
    request: "r",
  });
});
