/** Shows how get_task_status lists tasks: filters, pages, fields and counts, always in answers of bounded size. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { rounds } from "../support/rounds.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Largest JSON of a page that has more than one task. */
const MAX_PAGE_BYTES = 64 * 1024 + 1_000;

Deno.test("a small graph is listed with one call", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const ids = async (args: Json) => (await list(server, args)).map(({ id }) => id);

  await t.step("empty at first", async () => {
    const { content, structuredContent } = await server.call("get_task_status");
    assertEquals(content, [{ type: "text", text: "[]" }]);
    assertEquals(structuredContent, { tasks: [], total: 0 });
  });

  await create(server, "ready", "held", "done", "failed", "cancelled");
  await create(server, { id: "waiting", dependencies: ["held"] }, { id: "blocked", dependencies: ["failed", "ready"] });
  await claim(server, "held", "bob");
  await finish(server, "done", "made");
  await fail(server, "failed", "no");
  await server.ask("cancel_task", { task_id: "cancelled" });

  await t.step("with long texts cut, in the order of creation", async () => {
    const pending = { status: "pending" };
    const tasks = [
      { id: "ready", ...pending, readiness: "ready", dependencies: [] },
      { id: "held", status: "in_progress", dependencies: [], assignedTo: "bob" },
      { id: "done", status: "completed", dependencies: [], assignedTo: "ann", result: "made" },
      { id: "failed", status: "failed", dependencies: [], assignedTo: "ann", error: "no" },
      { id: "cancelled", status: "cancelled", dependencies: [] },
      { id: "waiting", ...pending, readiness: "waiting", waitingFor: ["held"], dependencies: ["held"] },
      { id: "blocked", ...pending, readiness: "blocked", waitingFor: ["failed"], dependencies: ["failed", "ready"] },
    ].map((task) => ({ ...task, description: `do ${task.id}` }));
    const { content, structuredContent } = await server.call("get_task_status");
    assertEquals(content.length, 1);
    assertEquals(structuredContent, { tasks, total: 7 });
  });

  await t.step("by status", async () => {
    assertEquals(await ids({ status: "pending" }), ["ready", "waiting", "blocked"]);
    assertEquals(await ids({ status: "in_progress" }), ["held"]);
    assertEquals(await ids({ status: "completed" }), ["done"]);
    assertEquals(await ids({ status: "failed" }), ["failed"]);
    assertEquals(await ids({ status: "cancelled" }), ["cancelled"]);
  });

  await t.step("by readiness", async () => {
    assertEquals(await ids({ status: "ready" }), ["ready"]);
    assertEquals(await ids({ status: "waiting" }), ["waiting"]);
    assertEquals(await ids({ status: "blocked" }), ["blocked"]);
  });

  await t.step("by several statuses", async () => {
    assertEquals(await ids({ status: ["failed", "ready", "completed"] }), ["ready", "done", "failed"]);
    assertEquals(await ids({ status: [] }), []);
  });

  await t.step("by holder", async () => {
    assertEquals(await ids({ assigned_to: "ann" }), ["done", "failed"]);
    assertEquals(await ids({ assigned_to: "ann", status: "failed" }), ["failed"]);
    assertEquals(await ids({ assigned_to: "nobody" }), []);
  });

  await t.step("with the fields asked for, in the order of the whole task", async () => {
    assertEquals(await list(server, { fields: ["result", "id"], assigned_to: "ann" }), [
      { id: "done", result: "made" },
      { id: "failed" },
    ]);
    assertEquals(await list(server, { fields: ["attempt"], status: "in_progress" }), [{ attempt: 1 }]);
  });

  await t.step("as counts", async () => {
    assertEquals(await server.ask("get_task_status", { summary: true }), {
      total: 7,
      byStatus: { pending: 3, in_progress: 1, completed: 1, failed: 1, cancelled: 1, skipped: 0 },
      ready: 1,
      limited: 0,
      waiting: 1,
      blocked: 1,
      delayed: 0,
      overdue: 0,
    });
    assertEquals((await list(server, { summary: false })).length, 7);
  });

  await t.step("with long texts cut, or in full with fields", async () => {
    const long = "🦕".repeat(1_000);
    await server.ask("update_task", { task_id: "ready", description: long });
    const [cut] = await list(server, { status: "ready" });
    assertEquals(cut?.["description"], `${"🦕".repeat(39)}…`);
    assertEquals(await list(server, { status: "ready", fields: ["description"] }), [{ description: long }]);
  });
});

Deno.test("a large graph is listed in pages", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const ids = Array.from({ length: 450 }, (_, n) => `t${n}`);
  await create(server, ...ids);

  await t.step("of at most 200 tasks and 16 KiB, with a note on the next page", async () => {
    const pages = await pagesOf(server, {});
    assertEquals(pages.map((page) => page.tasks.length), [174, 172, 104]);
    for (const { tasks } of pages) assert(bytesOf(tasks) <= 16 * 1024 + 1, `${bytesOf(tasks)} bytes`);
    assertEquals((await pagesOf(server, { limit: 200 })).map((page) => page.tasks.length), [200, 200, 50]);
    assertEquals(idsOf(pages), ids);
    assertEquals(pages.map((page) => page.total), [450, 450, 450]);
    const { content } = await server.call("get_task_status");
    assertEquals(content[1], {
      type: "text",
      text:
        '174 of 450 tasks. For the next page, repeat the call with cursor "174". For fewer tasks, filter by status, ' +
        "group or assigned_to, or use summary: true.",
    });
  });

  await t.step("of any size", async () => {
    for (const limit of [1, 7, 449, 450, 451, 1_000]) {
      const pages = await pagesOf(server, { limit, fields: ["id"] });
      assertEquals(pages.length, Math.ceil(450 / limit));
      assertEquals(idsOf(pages), ids);
    }
  });

  await t.step("without gaps or repetitions while tasks come and go", async () => {
    const seen: Json[] = [];
    let page = await pageOf(server, { limit: 100, fields: ["id"] });
    for (const n of rounds("the list", 1_000)) {
      if (page.next_cursor === undefined) break;
      seen.push(...page.tasks);
      // The last one of the page, one before it, one that is yet to come; and a new one.
      for (const id of [page.tasks.at(-1)?.["id"], `t${n}`, `t${449 - n}`]) {
        await server.ask("delete_task", { task_id: id });
      }
      await create(server, `new${n}`);
      page = await pageOf(server, { limit: 100, fields: ["id"], cursor: page.next_cursor });
    }
    seen.push(...page.tasks);
    const expected = [...ids.slice(0, 446), "new0", "new1", "new2", "new3"];
    assertEquals(seen.map(({ id }) => id), expected);
  });

  await t.step("of the tasks that match a filter", async () => {
    await Promise.all(ids.slice(210, 290).map((id) => claim(server, id)));
    const pages = await pagesOf(server, { assigned_to: "ann", limit: 30 });
    assertEquals(pages.map((page) => page.tasks.length), [30, 30, 20]);
    assertEquals(pages.map((page) => page.total), [80, 80, 80]);
    assertEquals(idsOf(pages), ids.slice(210, 290));
  });

  await t.step("and empty with a cursor beyond the end", async () => {
    assertEquals((await pageOf(server, { cursor: "999999" })).tasks, []);
  });
});

Deno.test("the size of a page is bounded, however long the descriptions are", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const lengths = [65_536, 1, 30_000, 30_000, 30_000, 65_536, 65_536, 2, 3];
  for (const [n, length] of lengths.entries()) {
    await server.ask("create_task", { id: `t${n}`, description: "x".repeat(length) });
  }
  for (const [limit, most] of [[undefined, 16 * 1024 + 1_000], [200, MAX_PAGE_BYTES]] as const) {
    for (const { tasks } of await pagesOf(server, { fields: ["id", "description"], limit })) {
      assert(bytesOf(tasks) <= most, `${tasks.length} tasks with ${bytesOf(tasks)} bytes`);
    }
  }
  const pages = await pagesOf(server, { fields: ["id", "description"] });
  assertEquals(
    pages.flatMap(({ tasks }) => tasks),
    lengths.map((length, n) => ({ id: `t${n}`, description: cut(length) })),
  );
  const { content } = await server.call("get_task_status", { fields: ["description"] });
  assertStringIncludes(JSON.stringify(content[1]), "2 of 9 tasks. For the next page, repeat the call with cursor");
});

Deno.test("a list of 200 tasks with Chinese texts takes no more than 16 KiB a page", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const tasks = Array.from({ length: 200 }, (_, n) => ({ id: `t${n}`, description: "深".repeat(900) }));
  await server.ask("create_tasks", { tasks });
  const pages = await pagesOf(server, {});
  for (const page of pages) assert(bytesOf(page.tasks) <= 16 * 1024 + 1, `${bytesOf(page.tasks)} bytes`);
  assertEquals(idsOf(pages), tasks.map(({ id }) => id));
});

Deno.test("a text is searched for in ids, descriptions, results, errors, reasons and refs, in any case", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "Needle-1", "done", "broken", "off", "plain");
  await server.ask("create_task", { id: "described", description: `${"x".repeat(5_000)} a NEEDLE` });
  await server.ask("create_task", { id: "linked", description: "", refs: { branch: "fix/needle" } });
  await finish(server, "done", "the needle");
  await fail(server, "broken", "no Needle");
  await server.ask("cancel_task", { task_id: "off", reason: "needle lost" });
  const all = ["Needle-1", "done", "broken", "off", "described", "linked"];

  await t.step("on one page, or on several", async () => {
    for (const limit of [1, 2, 5, 6, 7]) {
      const pages = await pagesOf(server, { text: "nEEdle", limit });
      assertEquals(idsOf(pages), all);
    }
  });

  await t.step("together with a filter", async () => {
    assertEquals(idsOf(await pagesOf(server, { text: "needle", status: "completed" })), ["done"]);
    assertEquals(await list(server, { text: "nothing has this" }), []);
  });

  await t.step("as it is: no character has a meaning of its own", async () => {
    assertEquals(await list(server, { text: "n.*e" }), []);
    assertEquals(await list(server, { text: "(the" }), []);
  });

  await t.step("of 1 to 200 characters", async () => {
    assertEquals(await list(server, { text: "x".repeat(200), fields: ["id"] }), [{ id: "described" }]);
    for (const text of ["", "x".repeat(201)]) {
      const { message } = await server.refused("get_task_status", { text });
      assertStringIncludes(message, "text: expected 1 to 200 characters");
    }
  });
});

interface Page {
  readonly tasks: readonly Json[];
  readonly total: number;
  readonly next_cursor?: string;
}

async function list(server: Server, args: Json): Promise<Json[]> {
  return await server.ask<Json[]>("get_task_status", args);
}

async function pageOf(server: Server, args: Json): Promise<Page> {
  const { structuredContent } = await server.call("get_task_status", args);
  // The form is what this file is about: whatever is not so makes a test fail.
  return structuredContent as unknown as Page;
}

async function pagesOf(server: Server, args: Json): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | undefined;
  for (const _ of rounds("the list", 1_000)) {
    const page = await pageOf(server, { ...args, ...(cursor !== undefined && { cursor }) });
    pages.push(page);
    cursor = page.next_cursor;
    if (cursor === undefined) break;
  }
  return pages;
}

/** What get_task_status with fields shows of a description of `x`. */
function cut(length: number): string {
  const more = `… (${length} characters: get_task_details with part: "description", offset: 16000 reads on)`;
  return length <= 16_000 ? "x".repeat(length) : "x".repeat(16_000) + more;
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function idsOf(pages: readonly Page[]): unknown[] {
  return pages.flatMap(({ tasks }) => tasks.map(({ id }) => id));
}
