/** Shows that what a newer version of the program wrote is left alone, told of once, and never called damage. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { FORMAT_VERSION } from "../../../src/store/file/codec.ts";
import { sha256 } from "../../../src/store/file/hash.ts";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { SNAPSHOT_VERSION } from "../../../src/core/state/snapshot.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, startStore, taskIds } from "../../support/store.ts";
import { contents } from "./damage.ts";
import { forgedLine } from "./forge.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

const [TASKS, STATE] = ["/data/tasks.json", "/data/state.json"];
const SEGMENT = "/data/journal/0000000001.jsonl";

test("an older version leaves a newer checkpoint unchanged, whatever it does, and warns once", async (disk) => {
  {
    await using store = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "a");
  }
  await using store = await startStore({ directory: "/data", disk });
  for (let round = 0; round < 12; round++) {
    // The newer program writes its checkpoint in turn with this one, in a form that this one does not know.
    putNewer(disk, { version: SNAPSHOT_VERSION + 1, seq: round, tasks: [`of round ${round}`] });
    await createTask(store.engine, `t${round}`);
    await checkpoint(store);
    await store.checkpoints.load();
    assertEquals(disk.files().get(TASKS), `{"of round ${round}": {}}`);
  }
  assertEquals(disk.list("/data").sort(), ["checkpoint.lock", "lock", "state.json", "tasks.json"]);
  assertEquals(store.log.warnings.length, 1);
  assertStringIncludes(
    store.log.warnings[0] ?? "",
    `A newer version of this program wrote ${STATE} (version ${SNAPSHOT_VERSION + 1})`,
  );
  await using again = await startStore({ directory: "/data", disk });
  assertEquals((await taskIds(again.engine)).length, 13);
  assertEquals(again.log.warnings.length, 1);
  assertEquals(verifyJournal(disk, "/data").fault, undefined);
});

test("a newer checkpoint with a wrong digest is damaged, and set aside", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  const text = disk.files().get(STATE) ?? "";
  disk.put(STATE, text.replace(`"version":${SNAPSHOT_VERSION}`, `"version":${SNAPSHOT_VERSION + 1}`));
  await createTask(store.engine, "b");
  await checkpoint(store);
  assertEquals((await store.checkpoints.load())?.position.seq, 2);
  assertEquals(disk.list("/data").filter((name) => name.includes("set-aside")).length, 2);
});

test("a newer checkpoint beside an empty journal is refused as newer, and stays", async (disk) => {
  putNewer(disk, { version: SNAPSHOT_VERSION + 1 });
  const before = contents(disk);
  const error = await assertRejects(
    () => startStore({ directory: "/data", disk }),
    Unavailable,
    "Restart this MCP server",
  );
  assertEquals(error.code, "newer_version");
  assert(!/damage|repair/.test(error.message), error.message);
  assertEquals(contents(disk), before);
});

test("records of a newer version before the checkpoint are reported as newer, not as missing", async (disk) => {
  {
    await using store = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "a");
    const { end } = verifyJournal(disk, "/data");
    // A newer program appends, and writes a checkpoint in the form of today.
    const line = forgedLine({ v: FORMAT_VERSION + 1, seq: 2, at: 1, actor: "x", command: "x", events: [] }, end.hash);
    disk.put(SEGMENT, disk.files().get(SEGMENT) + line);
    await checkpoint(store);
    const { sha256: _, ...state } = JSON.parse(disk.files().get(STATE) ?? "");
    const size = new TextEncoder().encode(disk.files().get(SEGMENT)).length;
    const hash = line.slice(-67, -3);
    putState(disk, { ...state, position: { ...state.position, seq: 2, hash, offset: size } });
  }
  const before = contents(disk);
  const error = await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable);
  assertEquals(error.code, "newer_version");
  assert(!/damage|repair|missing/.test(error.message), error.message);
  assertEquals(verifyJournal(disk, "/data").fault?.kind, "newer");
  const repair = await assertRejects(() => repairJournal(disk, "/data", 0), Unavailable, "Restart the MCP servers");
  assertEquals(repair.code, "newer_version");
  assertEquals(contents(disk), before);
});

function putNewer(disk: MemoryDisk, state: { readonly version: number; readonly [name: string]: unknown }): void {
  disk.put(TASKS, `{"of round ${state["seq"]}": {}}`);
  putState(disk, state);
}

/** Puts a `state.json` there, signed as every version does. */
function putState(disk: MemoryDisk, state: Readonly<Record<string, unknown>>): void {
  disk.put(STATE, JSON.stringify({ ...state, sha256: sha256(JSON.stringify(state)) }, undefined, 2) + "\n");
}
