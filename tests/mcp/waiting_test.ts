/** Shows that get_next_task waits where it is asked to, without keeping anything else from being answered. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_WAITERS } from "../../src/app/waiting.ts";
import { times } from "../core/given.ts";
import { create } from "../support/calls.ts";
import { eventsOf, readRecords } from "../support/journal.ts";
import { type Message, RawServer, toolCall } from "../support/raw_server.ts";
import { McpError } from "../support/sdk_client.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** A wait that no test waits for. */
const LONG_MS = 60_000;

/** The longest wait, unless the server is told otherwise. */
const LONGEST_MS = 50_000;

Deno.test("get_next_task waits", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);

  for (const [which, creating] of [["the same", server], ["another", other]] as const) {
    await t.step(`for a task that ${which} process creates`, async () => {
      const claim = waiting(server);
      await claim.hasBegun;
      await create(creating, `by ${which}`);
      assertEquals((await claim.answer)["id"], `by ${which}`);
    });
  }

  await t.step("for a task that another one unlocks, with its result", async () => {
    await create(other, "first", { id: "second", dependencies: ["first"] });
    await other.ask("get_next_task", { instance_id: "bob", task_id: "first" });
    const claim = waiting(server);
    await claim.hasBegun;
    await other.ask("complete_task", { task_id: "first", instance_id: "bob", result: "made" });
    const { id, inputs } = await claim.answer;
    assertEquals([id, inputs], ["second", [{ task: "first", by: "bob", result: "made" }]]);
  });

  await t.step("for wait_ms, then says why there is no task", async () => {
    const start = performance.now();
    const answer = await server.ask("get_next_task", { instance_id: "ann", wait_ms: 300 });
    // Timers may be a little early.
    assert(performance.now() - start >= 295);
    assertEquals([answer["status"], answer["reason"]], ["no_tasks", "waiting"]);
    assertMatch(String(answer["message"]), /second \(ann\)/);
  });

  await t.step("with progress notifications, if the client asks for them", async () => {
    const claim = waiting(server);
    const { progress, total, message } = await claim.hasBegun;
    assertEquals(total, LONGEST_MS);
    assert(progress < LONGEST_MS / 2);
    assertMatch(String(message), /^No task is left to claim; still running: /);
    claim.cancel();
    await claim.answer.catch(() => {});
  });

  await t.step("not longer than the operator allows, with a note", async () => {
    await using short = await startServer(directory.path, { args: ["--max-wait-ms", "100"] });
    const start = performance.now();
    const answer = await short.ask("get_next_task", { instance_id: "short", wait_ms: 24 * 60 * 60 * 1_000 });
    assert(performance.now() - start >= 95);
    assertEquals(answer["reason"], "waiting");
    assertEquals(answer["note"], "wait_ms was shortened to 100, the maximum: call again to wait longer.");
    assertEquals((await short.ask("get_next_task", { instance_id: "short", wait_ms: 100 }))["note"], undefined);
  });

  await t.step("not if too many claims wait already, with a note", async () => {
    await using crowded = await startServer(directory.path);
    const waits = times(MAX_WAITERS, (index) => {
      return crowded.ask("get_next_task", { instance_id: `w${index}`, wait_ms: LONG_MS }).catch(() => {});
    });
    const { reason, note } = await crowded.ask("get_next_task", { instance_id: "late", wait_ms: LONG_MS });
    assertEquals(reason, "waiting");
    assertEquals(
      note,
      `wait_ms was ignored, as ${MAX_WAITERS} claims already wait in this server: call again later, or have fewer ` +
        "instances wait.",
    );
    await crowded.close();
    await Promise.all(waits);
  });

  await t.step("without that note if waiting again would not help", async () => {
    await using short = await startServer(directory.path, { args: ["--max-wait-ms", String(LONG_MS)] });
    const [older, newer] = [2 * LONG_MS, 0].map((wait_ms) =>
      short.ask("get_next_task", { instance_id: "short", wait_ms })
    );
    const { reason, note } = await older!;
    assertEquals([reason, note], ["superseded", undefined]);
    await newer;
  });

  await t.step("not for an instance that holds its maximum", async () => {
    await server.ask("register_instance", { instance_id: "full", max_concurrent: 1 });
    await create(server, "held by full");
    await server.ask("get_next_task", { instance_id: "full" });
    const answer = await server.ask("get_next_task", { instance_id: "full", wait_ms: LONG_MS });
    assertEquals([answer["reason"], answer["holding"]], ["at_capacity", [{ id: "held by full", attempt: 1 }]]);
  });
});

Deno.test("a client that cancels its wait gets no task, then or later", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const claim = waiting(server);
  await claim.hasBegun;
  claim.cancel();
  await claim.answer.then(() => assert(false), (error) => assert(error instanceof McpError));
  await create(server, "a");
  // Somebody who comes later gets it, so that it was nobody's.
  assertEquals((await server.ask("get_next_task", { instance_id: "bob", wait_ms: LONG_MS }))["assignedTo"], "bob");
  assertEquals(eventsOf(await readRecords(directory.path), "task.claimed").map(({ instance }) => instance), ["bob"]);
});

Deno.test("if a client abandons waits, only the newest one claims", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const abandoned: WaitingCall[] = [];
  for (let n = 0; n < 3; n++) {
    const claim = waiting(server);
    await claim.hasBegun;
    abandoned.push(claim);
  }
  const other = waiting(server, "bob");
  const newest = waiting(server);
  await Promise.all([other.hasBegun, newest.hasBegun]);
  await create(server, "a", "b", "c", "d", "e");
  assertEquals(
    await Promise.all(abandoned.map(async ({ answer }) => (await answer)["reason"])),
    ["superseded", "superseded", "superseded"],
  );
  assertEquals([(await newest.answer)["assignedTo"], (await other.answer)["assignedTo"]], ["ann", "bob"]);
  const held = await server.ask<Json[]>("get_task_status", { status: "in_progress", fields: ["assigned_to"] });
  assertEquals(held.map(({ assignedTo }) => assignedTo).sort(), ["ann", "bob"]);
});

Deno.test("clients that cancel just before a task is ready hold nothing in the end", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const claims = Array.from({ length: 30 }, (_, n) => waiting(server, `w${n}`));
  await Promise.all(claims.map(({ hasBegun }) => hasBegun));
  const answered = new Set<unknown>();
  const ends = claims.map(({ answer }) => answer.then(({ id }) => answered.add(id), () => {}));
  // Where a cancellation crosses the answer, the task stays claimed: nobody can know. So they are sent first.
  for (const { cancel } of claims.slice(0, 20)) cancel();
  await create(server, ...Array.from({ length: 10 }, (_, n) => `t${n}`));
  await until("all tasks to be claimed by those who still wait", () => answered.size === 10);
  await Promise.all(ends);
  const tasks = await server.ask<Json[]>("get_task_status", { fields: ["id", "status", "assignedTo"] });
  for (const { id, status, assignedTo } of tasks) {
    assertEquals([status, answered.has(id)], ["in_progress", true]);
    assert(Number(String(assignedTo).slice(1)) >= 20, `${assignedTo} has cancelled and holds ${id}`);
  }
});

Deno.test("other calls are answered while a hundred wait", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(Array.from({ length: 100 }, (_, n) => waitCall(`w${n}`)).join(""));
  for (let n = 0; n < 20; n++) {
    await server.write(toolCall(n, "get_task_status", { summary: true }));
    const [answer] = await server.take(1);
    assertEquals(answer?.id, n);
  }
  await server.write(toolCall("creation", "create_tasks", {
    tasks: Array.from({ length: 100 }, (_, n) => ({ id: `t${n}`, description: "" })),
  }));
  const answers = await server.take(101);
  const given = answers.filter(({ id }) => id !== "creation").map(contentOf);
  assertEquals(new Set(given.map(({ id }) => id)).size, 100);
  for (const { id, assignedTo } of given) assertEquals(String(assignedTo).slice(1), String(id).slice(1));
});

Deno.test("the end of input ends all waits, and the server", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const ids = Array.from({ length: 50 }, (_, n) => `w${n}`);
  await server.write(ids.map(waitCall).join("") + toolCall("last", "get_task_status"));
  await server.take(1);
  const start = performance.now();
  await server.endInput();
  const answers = await server.rest();
  assertEquals(await server.exitCode, 0);
  assert(performance.now() - start < LONGEST_MS / 2);
  assertEquals(answers.map(({ id }) => id).sort(), ids.sort());
  for (const answer of answers) assertEquals(contentOf(answer)["reason"], "no_tasks_exist");
});

Deno.test("a task that becomes ready while a server ends is not claimed for its waiters", async () => {
  await using directory = await temporaryDirectory();
  await using other = await startServer(directory.path);
  for (let round = 0; round < 5; round++) {
    await using server = new RawServer(directory.path);
    await server.write(Array.from({ length: 20 }, (_, n) => waitCall(`w${round}.${n}`)).join(""));
    await server.write(toolCall("last", "get_task_status", { summary: true }));
    await server.take(1);
    const creation = create(other, ...Array.from({ length: 20 }, (_, n) => `t${round}.${n}`));
    await server.endInput();
    const answers = await server.rest();
    await creation;
    assertEquals(await server.exitCode, 0);
    const given = answers.map(contentOf).filter(({ status }) => status === "in_progress").map(({ id }) => id);
    const held = await other.ask<Json[]>("get_task_status", { status: "in_progress", fields: ["id"] });
    assertEquals(held.map(({ id }) => id).sort(), given.sort());
    await other.ask("update_tasks", { action: "cancel", status: ["pending", "in_progress"] });
  }
});

/** What the SDK's client hands on of a progress notification. */
interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** A call of get_next_task that waits. */
interface WaitingCall {
  readonly answer: Promise<Json>;
  /** Resolves with what the server says when the waiting begins. */
  readonly hasBegun: Promise<Progress>;
  readonly cancel: () => void;
}

function waiting({ client }: Server, instance_id = "ann"): WaitingCall {
  const begun = Promise.withResolvers<Progress>();
  const aborting = new AbortController();
  const answer = client.callTool(
    { name: "get_next_task", arguments: { instance_id, wait_ms: LONG_MS } },
    undefined,
    { onprogress: begun.resolve, signal: aborting.signal, timeout: 2 * LONG_MS },
  ).then(({ structuredContent }) => structuredContent as Json);
  return { answer, hasBegun: begun.promise, cancel: () => aborting.abort() };
}

function waitCall(instance_id: string): string {
  return toolCall(instance_id, "get_next_task", { instance_id, wait_ms: LONG_MS });
}

function contentOf({ result }: Message): Json {
  // Tools answer with objects.
  return result?.["structuredContent"] as Json;
}
