/** Shows that texts of a task are removed from a plan in PostgreSQL, while servers run, and that the chain still verifies. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type RedactableJournal, Unavailable } from "../../../src/app/ports.ts";
import { redact } from "../../../src/app/redact.ts";
import { Engine } from "../../../src/app/engine.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { REDACTABLE_FIELDS, type RedactableField } from "../../../src/core/model/redaction.ts";
import { Database } from "../../../src/store/postgres/database.ts";
import { checkPostgresRedactions, openRedactable } from "../../../src/store/postgres/open.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { RedactionRows } from "../../../src/store/postgres/redaction_rows.ts";
import { runCommand, start } from "../../support/database_program.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { type Cluster, testOnPostgres } from "../../support/postgres.ts";

const SECRET = "sk-live-0123456789";

/** All texts that the tables hold. */
const ALL_TEXT = `select count(*)::int as count from (
  select line as text from orchestrator.records union all select text from orchestrator.deliveries
) texts where text like '%' || $1 || '%'`;

async function count(cluster: Cluster, text: string): Promise<number> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  const { rows: [row] } = await connection.run<{ count: number }>(ALL_TEXT, [text]);
  connection.destroy();
  return row?.count ?? -1;
}

async function run(cluster: Cluster, statement: string): Promise<void> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  await connection.run(statement);
  connection.destroy();
}

testOnPostgres("redaction", (cluster) => {
  Deno.test("a text goes from all records, a server that runs shows it no more, and the chain verifies", async () => {
    const options = { url: `postgres://test@127.0.0.1:${cluster().port}/postgres`, project: "redacted" };
    await using server = await start(options);
    await server.ask("create_task", { id: "a", description: `use ${SECRET}` });
    await server.ask("create_task", { id: "b", description: "another" });
    await server.ask("get_next_task", { instance_id: "bob" });
    await server.ask("complete_task", { task_id: "a", instance_id: "bob", result: `it was ${SECRET}` });
    assertEquals(await count(cluster(), SECRET), 2);
    const before = await runCommand(options, "audit", "head");

    const redacted = await runCommand(options, "redact", "a", "--reason", "a key");
    assertEquals([redacted.code, redacted.stderr], [0, ""]);
    assertEquals(await count(cluster(), SECRET), 0);
    const { description, result } = await server.ask("get_task_details", { task_id: "a" });
    assertEquals([description, result], ["[redacted]", "[redacted]"]);
    const head = before.stdout.match(/\d+:[0-9a-f]{64}/)?.[0] ?? "";
    const verified = await runCommand(options, "verify", "--head", head);
    assertEquals(verified.code, 0, verified.stderr);
    assertStringIncludes(verified.stdout, "redacted: ");
    assertStringIncludes(verified.stdout, "a key");
    const again = await runCommand(options, "redact", "a", "--reason", "a key");
    assertEquals(again.code, 0, again.stderr);
    await using fresh = await start(options);
    assertEquals((await fresh.ask("get_task_details", { task_id: "a" }))["result"], "[redacted]");

    // Somebody marks a line that no redaction names.
    await run(cluster(), "update orchestrator.records set line = replace(line, '[redacted]', '[replaced]')");
    assertEquals((await runCommand(options, "verify")).code, 1);
  });

  Deno.test("what another process writes between finding and recording is redacted by a repeat", async () => {
    const options = { address: cluster().address, now: Date.now, log: new RecordingLog(), isReadOnly: false };
    const { journal, checkpoints, records, close } = openRedactable({ ...options, project: "raced" });
    const caller = localOperator("operator");
    try {
      const engine = await Engine.start({ journal, checkpoints, log: options.log });
      const add = (text: string) => engine.execute({ type: "add_note", id: "a", instance: "bob", text }, caller);
      await engine.execute(
        { type: "create_tasks", tasks: [{ id: "a", description: SECRET, dependencies: [] }] },
        caller,
      );
      const wanted = { id: "a", fields: REDACTABLE_FIELDS, reason: "leak" };
      const raced = {
        async find(redaction: Parameters<typeof records.find>[0]) {
          const found = await records.find(redaction);
          await add(`again ${SECRET}`);
          return found;
        },
        rewrite: records.rewrite.bind(records),
      };
      assertEquals((await redact({ engine, journal: raced, checkpoints, caller }, wanted)).records, 1);
      assertEquals(await count(cluster(), SECRET), 1);
      const busy = {
        get seq() {
          return engine.seq;
        },
        // What others append meanwhile is read with it if its commit has to be looked for.
        execute: (async (...call: Parameters<typeof engine.execute>) => {
          const answer = await engine.execute(...call);
          const others = [{ id: "b", description: "another", dependencies: [] }];
          await engine.execute({ type: "create_tasks", tasks: others }, caller);
          return answer;
        }) as typeof engine.execute,
        query: engine.query.bind(engine),
        search: engine.search.bind(engine),
        catchUp: engine.catchUp.bind(engine),
        checkpoint: engine.checkpoint.bind(engine),
      };
      assertEquals((await redact({ engine: busy, journal: records, checkpoints, caller }, wanted)).records, 1);
      assertEquals((await checkPostgresRedactions({ ...options, project: "raced" })).changed, undefined);
      assertEquals(await count(cluster(), SECRET), 0);
      assertEquals((await redact({ engine, journal: records, checkpoints, caller }, wanted)).records, 0);
    } finally {
      await close();
    }
  });

  /** Two stores of one project, an engine on the first, and a task with two private texts. */
  async function openTwice(project: string) {
    const where = { address: cluster().address, now: Date.now, log: new RecordingLog(), isReadOnly: false, project };
    const [first, second] = [openRedactable(where), openRedactable(where)];
    const caller = localOperator("operator");
    const engine = await Engine.start({ ...first, log: where.log });
    const tasks = [{ id: "a", description: "private", refs: { key: "private" }, dependencies: [] }];
    await engine.execute({ type: "create_tasks", tasks }, caller);
    const others = { engine, checkpoints: first.checkpoints, caller };
    return {
      where,
      records: first.records,
      /** Redacts by one of the stores. */
      redact(journal: RedactableJournal, fields: readonly RedactableField[]) {
        return redact({ ...others, journal }, { id: "a", fields, reason: "leak" });
      },
      other: second.records,
      async verify() {
        const { redactions, changed } = await checkPostgresRedactions(where);
        return { left: redactions.map(({ left }) => left), changed };
      },
      async [Symbol.asyncDispose]() {
        await second.close();
        await first.close();
      },
    };
  }

  /** A journal that lets something happen after it has found the texts. */
  function slow(records: RedactableJournal, meanwhile: () => Promise<unknown>): RedactableJournal {
    return overriding(records, {
      async find(redaction) {
        const found = await records.find(redaction);
        await meanwhile();
        return found;
      },
    });
  }

  for (
    const { name, fields } of [
      { name: "the same texts", fields: ["description"] },
      { name: "these and other texts", fields: ["description", "refs"] },
    ] as const
  ) {
    Deno.test(`a redaction of ${name} by another process at the same time leaves none of them unfinished`, async () => {
      await using store = await openTwice(`overtaken by ${fields.length}`);
      const raced = slow(store.records, () => store.redact(store.other, fields));
      assertEquals((await store.redact(raced, ["description"])).records, 1);
      assertEquals(await store.verify(), { left: [0, 0], changed: undefined });
    });
  }

  Deno.test("a line that another process redacts between the look at it and the update is redacted once", async () => {
    await using store = await openTwice("overtaken at a line");
    const project = new Project({ database: new Database(store.where), name: store.where.project });
    let isOvertaken = false;
    const overtaken = overriding(project, {
      run: async <Row>(...call: Parameters<Project["run"]>) => {
        const isUpdate = call[0].startsWith("update ");
        if (isUpdate && !isOvertaken) {
          isOvertaken = true;
          await store.redact(store.other, ["description"]);
        }
        return await project.run<Row>(...call);
      },
    });
    await using _ = { [Symbol.asyncDispose]: () => project.close() };
    const records = new RedactionRows(overtaken, { search: async function* () {} });
    assertEquals((await store.redact(records, ["description"])).records, 1);
    assertEquals(await store.verify(), { left: [0, 0], changed: undefined });
  });

  Deno.test("a redaction that was interrupted stays unfinished when other texts of its records are redacted", async () => {
    await using store = await openTwice("interrupted");
    const dying = overriding<RedactableJournal>(store.records, { rewrite: () => Promise.reject(new Error("killed")) });
    await assertRejects(() => store.redact(dying, ["description"]), Error, "killed");
    await store.redact(store.other, ["refs"]);
    assertEquals(await store.verify(), { left: [1, 0], changed: undefined });
    await store.redact(store.records, ["description"]);
    assertEquals(await store.verify(), { left: [0, 0, 0], changed: undefined });
  });

  Deno.test("of two redactions of one record at the same time, one is to be repeated, and both are proven", async () => {
    const options = { address: cluster().address, now: Date.now, log: new RecordingLog(), isReadOnly: false };
    const where = { ...options, project: "at-once" };
    const { journal, checkpoints, records, close } = openRedactable(where);
    const other = openRedactable(where);
    const caller = localOperator("operator");
    try {
      const engine = await Engine.start({ journal, checkpoints, log: options.log });
      const tasks = [{ id: "a", description: SECRET, refs: { key: SECRET }, dependencies: [] }];
      await engine.execute({ type: "create_tasks", tasks }, caller);
      const slow = {
        async find(redaction: Parameters<typeof records.find>[0]) {
          const found = await records.find(redaction);
          const quick = { engine, journal: other.records, checkpoints, caller };
          assertEquals((await redact(quick, { id: "a", fields: ["refs"], reason: "leak" })).records, 1);
          return found;
        },
        rewrite: records.rewrite.bind(records),
      };
      const wanted = { id: "a", fields: ["description"], reason: "leak" } as const;
      const run = () => redact({ engine, journal: slow, checkpoints, caller }, wanted);
      const error = await assertRejects(run, Unavailable);
      assertStringIncludes(error.message, "run this command again");
      assertEquals((await redact({ engine, journal: records, checkpoints, caller }, wanted)).records, 1);
      assertEquals(await count(cluster(), SECRET), 0);
      assertEquals((await checkPostgresRedactions(where)).changed, undefined);
    } finally {
      await other.close();
      await close();
    }
  });

  Deno.test("a checkpoint of a newer version, which would keep the texts, is refused before anything is written", async () => {
    await run(cluster(), "update orchestrator.checkpoints set version = version + 1");
    const options = { address: cluster().address, now: Date.now, log: new RecordingLog(), isReadOnly: true };
    const { records, close } = openRedactable({ ...options, project: "raced" });
    try {
      const error = await assertRejects(() => records.find({ id: "a", fields: ["result"] }), Unavailable);
      assertEquals(error.code, "newer_version");
    } finally {
      await close();
      await run(cluster(), "update orchestrator.checkpoints set version = version - 1");
    }
  });

  Deno.test("a user that may not rewrite records is refused before anything is written", async () => {
    await run(cluster(), "create role weak login");
    for (const grant of ["usage on schema orchestrator", "select, insert on all tables in schema orchestrator"]) {
      await run(cluster(), `grant ${grant} to weak`);
    }
    const options = { now: Date.now, log: new RecordingLog(), isReadOnly: true, project: "raced" };
    const { records, close } = openRedactable({ ...options, address: { ...cluster().address, user: "weak" } });
    try {
      const error = await assertRejects(() => records.find({ id: "a", fields: ["result"] }), Unavailable);
      assert(error.message.includes("grant update on orchestrator.records"), error.message);
    } finally {
      await close();
    }
  });
});
