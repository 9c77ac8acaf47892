/** Shows that data directories of earlier versions are read, with what those versions showed, and can be worked on. */

import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../../src/app/engine.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { isoTime } from "../../../src/core/model/text.ts";
import { READABLE_SNAPSHOTS } from "../../../src/core/state/snapshot.ts";
import type { Json } from "../../../src/mcp/page.ts";
import { presentGroup } from "../../../src/mcp/present.ts";
import { presentTask } from "../../../src/mcp/present_task.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { checkpoint, startStore, wholeState } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const DATA = new URL("../../data/", import.meta.url);

/** What a version showed: the JSON of its tools, at the time `at`. */
interface Expected {
  readonly version: string;
  readonly at: number;
  /** The number of records in its journal. */
  readonly records: number;
  readonly tasks: readonly (Json & { readonly id: string })[];
  readonly groups?: readonly Json[];
  readonly instances?: readonly Json[];
  readonly templates?: readonly Json[];
  readonly templateVersions?: readonly (Json & { readonly name: string; readonly version: number })[];
}

const VERSIONS = ["1.0.0", "1.3.0", "1.3.2"];

const caller = localOperator("test");

/** The folder with plans of other programs. */
const FOREIGN = "foreign";

Deno.test("each version has a directory", async () => {
  const versions = await Array.fromAsync(Deno.readDir(DATA), ({ name, isDirectory }) => isDirectory ? [name] : []);
  assertEquals(versions.flat().filter((name) => name !== FOREIGN).sort(), VERSIONS);
});

for (const version of VERSIONS) {
  const expected: Expected = JSON.parse(await Deno.readTextFile(new URL(`${version}/expected.json`, DATA)));
  const { position, version: snapshotVersion } = JSON.parse(
    await Deno.readTextFile(new URL(`${version}/state.json`, DATA)),
  );

  Deno.test(`the checkpoint of ${version} and its journal tell the same`, async () => {
    await using complete = await copyOf(version, true);
    await using journal = await copyOf(version, false);
    const now = () => expected.at;
    await using store = await startStore({ directory: complete.path, now });
    await using replayed = await startStore({ directory: journal.path, now });
    assertEquals(await wholeState(store.engine), await wholeState(replayed.engine));
  });

  for (const files of ["a checkpoint and the journal after it", "the journal alone"] as const) {
    Deno.test(`the data of ${version} is read from ${files}, and work continues`, async (t) => {
      const isThere = files !== "the journal alone";
      await using directory = await copyOf(version, isThere);
      const isUsed = isThere && READABLE_SNAPSHOTS.includes(snapshotVersion);
      const now = () => expected.at;

      await t.step("it shows what that version showed", async () => {
        await using store = await startStore({ directory: directory.path, now });
        assertEquals(store.engine.checkpointSeq, isUsed ? position.seq : 0);
        await assertShows(store.engine, expected);
        assertEquals(store.log.warnings, []);
      });

      await t.step("its journal is whole", () => {
        const { records, fault } = verifyJournal(realDisk, directory.path);
        assertEquals([records, fault], [expected.records, undefined]);
      });

      await t.step("tasks are completed, and a restart keeps that", async () => {
        const options = { directory: directory.path, now };
        await using store = await startStore(options);
        const before = await store.engine.query({ type: "get_task", id: "publish" }, caller);
        assertEquals(before.waitingFor, ["test"]);
        const claim = { type: "claim_task", instance: "dora", id: "test" } as const;
        assert("task" in await store.engine.execute(claim, caller));
        const done = { type: "complete_task", id: "test", instance: "dora", result: "fine" } as const;
        await store.engine.execute(done, caller);
        const later = await store.engine.query({ type: "get_task", id: "publish" }, caller);
        assertEquals(later.readiness, "ready");
        const state = await wholeState(store.engine);
        await checkpoint(store);
        await using restarted = await startStore(options);
        assert(restarted.engine.checkpointSeq > expected.records, "the new checkpoint is used");
        assertEquals(await wholeState(restarted.engine), state);
        for (const name of ["tasks.json", "state.json"]) await Deno.remove(`${directory.path}/${name}`);
        await using replayed = await startStore(options);
        assertEquals(await wholeState(replayed.engine), state, "the journal alone tells the same");
      });
    });
  }
}

/** A copy of a version's directory, with or without its checkpoint. */
async function copyOf(version: string, hasCheckpoint: boolean) {
  const directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/journal`);
  const names = hasCheckpoint ? ["tasks.json", "state.json"] : [];
  for (const name of ["journal/0000000001.jsonl", ...names]) {
    await Deno.copyFile(new URL(`${version}/${name}`, DATA), `${directory.path}/${name}`);
  }
  return directory;
}

/** Compares all that the version showed. Fields that it did not have may differ, and what `comparable` names. */
async function assertShows(engine: Engine, expected: Expected): Promise<void> {
  const { tasks } = await engine.query({ type: "export_tasks" }, caller);
  assertEquals(tasks.map(({ id }) => id), expected.tasks.map(({ id }) => id));
  for (const task of expected.tasks) {
    const shown = presentTask(await engine.query({ type: "get_task", id: task.id }, caller));
    assertEquals(fieldsOf(comparable(shown, expected), task), comparable(task, expected));
  }
  const { groups } = await engine.query({ type: "list_groups", skip: 0, limit: 100 }, caller);
  const earlier = expected.groups ?? [];
  assertEquals(groups.map((group, index) => fieldsOf(presentGroup(group), earlier[index] ?? {})), [...earlier]);
  await assertShowsInstances(engine, expected);
  const templates = await engine.query({ type: "list_templates" }, caller);
  const saved = templates.filter(({ isBuiltin, isArchived }) => !isBuiltin || isArchived);
  assertEquals(
    saved.map(({ name, version, isBuiltin, isArchived }) => {
      return { name, version, builtin: isBuiltin, ...(isArchived && { archived: true }) };
    }),
    // A built-in template was version 1, and is version 0.
    (expected.templates ?? []).map((template) => template["builtin"] === true ? { ...template, version: 0 } : template),
  );
  for (const template of expected.templateVersions ?? []) {
    const { name, version } = template;
    const found = await engine.query({ type: "get_template", name, version }, caller);
    const shown: Json = { ...withTimes(found.template), ...(found.isArchived && { archived: true }) };
    assertEquals<Json>(shown, template);
  }
}

/** Compares the instances. 1.3.0 listed registered ones only, and did not count claims and reports as calls. */
async function assertShowsInstances(engine: Engine, { version, instances = [] }: Expected): Promise<void> {
  const list = { type: "list_instances", limit: 100, all: true, waiting: new Set<string>() } as const;
  const shown = (await engine.query(list, caller)).shown.map(withTimes);
  if (version === "1.0.0") return assertEquals(instances, []);
  if (version !== "1.3.0") return assertEquals(shown, [...instances]);
  const registered = shown.filter(({ status }) => status !== "unregistered");
  assertEquals(registered.map(({ seenAt: _, ...each }) => each), instances.map(({ seenAt: _, ...each }) => each));
}

/** The task without the words of `limitedBy`, which are not part of the format. Before 1.3.2, limited tasks were `ready`. */
function comparable({ limitedBy, readiness, ...task }: Json, { version }: Expected): Json {
  return {
    ...task,
    ...(readiness !== undefined && { readiness: readiness === "limited" && version !== "1.3.2" ? "ready" : readiness }),
    ...(Array.isArray(limitedBy) && { limitedBy: limitedBy.length }),
  };
}

/** The fields of `shown` that `earlier` has, too. */
function fieldsOf(shown: Json, earlier: Json): Json {
  return Object.fromEntries(Object.entries(shown).filter(([field]) => field in earlier));
}

/** The object with its times in the form that agents read. */
function withTimes(value: object): Json {
  const times = ["registeredAt", "seenAt", "expiresAt", "createdAt"];
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, times.includes(key) ? isoTime(field) : field]),
  );
}
