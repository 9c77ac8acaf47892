/** Shows that wait_for_event tells what get_history tells, waits only if it is asked to, and ends with its client. */

import { assertEquals, assertMatch } from "@std/assert";
import { MAX_WAITERS } from "../../src/app/waiting.ts";
import { times } from "../core/given.ts";
import { create, finish } from "../support/calls.ts";
import { readRecords } from "../support/journal.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

interface Page {
  readonly events: readonly Json[];
  readonly last_seq: number;
  readonly has_more: boolean;
  readonly next_since?: string;
  readonly note?: string;
}

/** A wait that no test waits for. */
const LONG_MS = 40_000;

Deno.test("wait_for_event", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);
  await create(server, "a", { id: "b", dependencies: ["a"] });

  await t.step("tells nothing of what was, unless it gets a place", async () => {
    assertEquals(await ask(server, {}), { events: [], last_seq: 1, has_more: false });
    assertEquals((await ask(server, { since: "0" })).events, (await history(server, { since: "0" })).events);
  });

  await t.step("goes on where the last answer ended, page by page, like get_history", async () => {
    await finish(server, "a", "made");
    const all = await history(server, { since: "0" });
    const got: Json[] = [];
    let since = "0";
    for (let page = await ask(server, { since, limit: 2 });; page = await ask(server, { since, limit: 2 })) {
      assertEquals(page, await history(server, { since, limit: 2 }));
      got.push(...page.events);
      since = page.next_since ?? `${page.last_seq}`;
      if (!page.has_more) break;
    }
    assertEquals([got, since], [all.events, `${all.last_seq}`]);
  });

  for (const [which, acting] of [["its own", server], ["another", other]] as const) {
    await t.step(`is answered with an event of ${which} process, filtered as get_history filters`, async () => {
      const begun = Promise.withResolvers<Json>();
      const filter = { task_id: `by ${which}`, type: "orchestrator.task.created" };
      const { last_seq } = await ask(server, {});
      const answer = server.client.callTool(
        {
          name: "wait_for_event",
          arguments: { ...filter, wait_ms: LONG_MS },
        },
        undefined,
        { onprogress: (progress) => begun.resolve({ ...progress }) },
      );
      assertEquals((await begun.promise)["message"], "No event yet");
      await create(acting, "something else");
      await create(acting, `by ${which}`);
      const { structuredContent } = await answer;
      assertEquals<unknown>(structuredContent, await history(server, { ...filter, since: last_seq }));
      await server.ask("delete_task", { task_id: "something else" });
    });
  }

  await t.step("says so if the time of its wait was shortened, or nothing can be after its place", async () => {
    await using short = await startServer(directory.path, { args: ["--max-wait-ms", "50"] });
    const { note = "", events } = await ask(short, { wait_ms: LONG_MS });
    assertEquals([note, events], [
      "wait_ms was shortened to 50, the maximum: call again with since: last_seq to wait longer.",
      [],
    ]);
    assertMatch((await ask(short, { since: "999", wait_ms: LONG_MS })).note ?? "", /^The journal has no record 999: /);
  });

  await t.step("refuses types and places that there are none of, at once", async () => {
    assertMatch(
      (await server.refused("wait_for_event", { type: "task.exploded", wait_ms: LONG_MS })).message,
      /There is no/,
    );
    assertMatch((await server.refused("wait_for_event", { since: "x", wait_ms: LONG_MS })).message, /^since "?x/);
  });

  await t.step("is no sign of life of the instance that it names", async () => {
    const before = await readRecords(directory.path);
    await server.ask("wait_for_event", { instance_id: "ann", wait_ms: 20 });
    assertEquals((await readRecords(directory.path)).length, before.length);
  });
});

Deno.test("further calls than may wait are answered at once, until others are cancelled", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const cancelling = new AbortController();
  const params = { name: "wait_for_event", arguments: { wait_ms: LONG_MS } };
  const waits = times(MAX_WAITERS, () => {
    const begun = Promise.withResolvers<void>();
    const options = { signal: cancelling.signal, onprogress: () => begun.resolve() };
    return { begun: begun.promise, answer: server.client.callTool(params, undefined, options).catch(() => {}) };
  });
  await Promise.all(waits.map(({ begun }) => begun));
  assertEquals(
    (await ask(server, { wait_ms: LONG_MS })).note,
    `wait_ms was ignored, as ${MAX_WAITERS} calls already wait for events in this server: call again later.`,
  );
  cancelling.abort();
  await Promise.all(waits.map(({ answer }) => answer));
  assertEquals((await ask(server, { wait_ms: 20 })).note, undefined);
});

async function ask(server: Server, args: Json): Promise<Page> {
  return await server.ask<Page>("wait_for_event", args);
}

async function history(server: Server, args: Json): Promise<Page> {
  return await server.ask<Page>("get_history", args);
}
