/** Shows that a backup is whole and private or not there at all, and that what it copies is not changed. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { FORMAT_VERSION } from "../../../src/store/file/codec.ts";
import { backUp } from "../../../src/store/file/backup.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import { type Disk, realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { segmentName } from "../../../src/store/file/segments.ts";
import { checkpoint, createTask, startStore, taskIds, wholeState } from "../../support/store.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../support/temp.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "./faulty_disk.ts";
import { forgedLine } from "./forge.ts";

/** Puts three or four records into a segment. */
const SEGMENT_BYTES = 700;

interface Place {
  readonly directory: string;
  readonly destination: string;
}

function test(name: string, fn: (place: Place) => Promise<void>): void {
  Deno.test({
    name,
    permissions: { read: "inherit", write: "inherit" },
    async fn() {
      await using parent: TemporaryDirectory = await temporaryDirectory();
      await fn({ directory: `${parent.path}/data`, destination: `${parent.path}/copy` });
    },
  });
}

test("a backup opens to the same state without a warning, is private, and leaves the original as it is", async (place) => {
  const expected = await fill(place.directory, 10);
  const before = filesOf(place.directory);
  const { records, segments, checkpointSeq } = await backUp(realDisk, place);
  assertEquals({ records, checkpointSeq }, { records: 10, checkpointSeq: 10 });
  assertEquals(filesOf(place.directory), before);
  const copied = [...before.keys()].filter((name) => !name.endsWith("lock") && !name.startsWith("index/"));
  assertEquals([...filesOf(place.destination).keys()], copied);
  assertEquals(copied.filter((name) => name.startsWith("journal/")).length, segments);
  assertEquals(verifyJournal(realDisk, place.destination).fault, undefined);
  if (Deno.build.os !== "windows") {
    for (const name of copied) assertEquals(modeOf(`${place.destination}/${name}`), 0o600);
    for (const name of ["", "/journal"]) assertEquals(modeOf(place.destination + name), 0o700);
  }
  await using store = await open(place.destination);
  assertEquals(await wholeState(store.engine), expected);
  assertEquals(store.engine.checkpointSeq, 10);
  assertEquals(store.log.warnings, []);
});

test("a backup has what deliverers keep, but for their locks and what is unfinished", async (place) => {
  await fill(place.directory, 2);
  const deliveries = new DeliveryFiles({ directory: place.directory, disk: realDisk });
  await using _ = await deliveries.lead("w");
  await deliveries.save("w", "at 2");
  await Deno.writeTextFile(`${place.directory}/deliveries/w.json.tmp`, "at 3, unfini");
  await backUp(realDisk, place);
  const copied = [...filesOf(place.destination)].filter(([name]) => name.startsWith("deliveries"));
  assertEquals(copied, [["deliveries/w.json", "at 2"]]);
  if (Deno.build.os !== "windows") assertEquals(modeOf(`${place.destination}/deliveries/w.json`), 0o600);
});

test("a segment without records is not copied", async (place) => {
  const expected = await fill(place.directory, 10);
  const segments = [...filesOf(place.directory).keys()].filter((name) => name.endsWith(".jsonl")).length;
  await Deno.writeTextFile(`${place.directory}/journal/${segmentName(segments + 1)}`, "");
  assertEquals((await backUp(realDisk, place)).segments, segments);
  assertEquals([...filesOf(place.destination).keys()].filter((name) => name.endsWith(".jsonl")).length, segments);
  await using store = await open(place.destination);
  assertEquals(await wholeState(store.engine), expected);
});

test("a backup includes records after the checkpoint, up to the last whole one", async (place) => {
  await fill(place.directory, 5);
  {
    await using store = await open(place.directory);
    for (const id of ["t6", "t7"]) await createTask(store.engine, id);
  }
  const last = [...filesOf(place.directory).keys()].filter((name) => name.endsWith(".jsonl")).at(-1);
  await Deno.writeTextFile(`${place.directory}/${last}`, '{"v":2,"seq":8,"at"', { append: true });
  const { records, checkpointSeq } = await backUp(realDisk, place);
  assertEquals({ records, checkpointSeq }, { records: 7, checkpointSeq: 5 });
  assertEquals(verifyJournal(realDisk, place.destination).fault, undefined);
  await using store = await open(place.destination);
  assertEquals((await taskIds(store.engine)).at(-1), "t7");
});

test("a backup of a directory without records or checkpoint is empty, too", async (place) => {
  await using _ = await open(place.directory);
  const { records, segments, checkpointSeq } = await backUp(realDisk, place);
  assertEquals({ records, segments, checkpointSeq }, { records: 0, segments: 0, checkpointSeq: undefined });
  await using store = await open(place.destination);
  assertEquals(await taskIds(store.engine), []);
});

test("a tasks file that was changed by hand is in the backup as it is", async (place) => {
  await fill(place.directory, 2);
  await Deno.writeTextFile(`${place.directory}/tasks.json`, "[]");
  assertEquals((await backUp(realDisk, place)).checkpointSeq, undefined);
  assertEquals(await Deno.readTextFile(`${place.destination}/tasks.json`), "[]");
  await using store = await open(place.destination);
  assertEquals(await taskIds(store.engine), ["t1", "t2"]);
  assertEquals(store.log.warnings.length, 1);
});

test("a checkpoint that is replaced while it is copied is copied again", async (place) => {
  await fill(place.directory, 2);
  await using store = await open(place.directory);
  let replacements = 0;
  const replacing: Disk = {
    ...realDisk,
    readFile(path) {
      const bytes = realDisk.readFile(path);
      // Before tasks.json is read, as another process would.
      if (path === `${place.directory}/state.json` && ++replacements === 2) {
        for (const name of ["state.json", "tasks.json"]) {
          Deno.copyFileSync(`${place.directory}/newer-${name}`, `${place.directory}/${name}`);
        }
      }
      return bytes;
    },
  };
  const older = ["state.json", "tasks.json"].map((name) => Deno.readFileSync(`${place.directory}/${name}`));
  await createTask(store.engine, "t3");
  await checkpoint(store);
  for (const [index, name] of ["state.json", "tasks.json"].entries()) {
    Deno.renameSync(`${place.directory}/${name}`, `${place.directory}/newer-${name}`);
    Deno.writeFileSync(`${place.directory}/${name}`, older[index] ?? new Uint8Array());
  }
  assertEquals((await backUp(replacing, place)).checkpointSeq, 3);
  await using copy = await open(place.destination);
  assertEquals([copy.engine.checkpointSeq, ...copy.log.warnings], [3]);
});

test("a destination that is in use, or in the data directory, is refused and left as it is", async (place) => {
  await fill(place.directory, 1);
  await Deno.mkdir(place.destination);
  await Deno.writeTextFile(`${place.destination}/mine`, "kept");
  const refused: Readonly<Record<string, string>> = {
    [place.destination]: "there is mine in it",
    [place.directory]: "it is in the data directory",
    [`${place.directory}/backup`]: "it is in the data directory",
    [`${place.directory}/journal/backup`]: "it is in the data directory",
  };
  const before = [filesOf(place.directory), filesOf(place.destination)];
  for (const [destination, why] of Object.entries(refused)) {
    const error = await assertRejects(() => backUp(realDisk, { ...place, destination }), Unavailable, why);
    assertEquals(error.code, "storage_failed");
    assertStringIncludes(error.message, "Nothing was copied; name a directory");
  }
  assertEquals([filesOf(place.directory), filesOf(place.destination)], before);
  // Its name only begins like that of the data directory.
  assertEquals((await backUp(realDisk, { ...place, destination: `${place.directory}-copy` })).records, 1);
});

test("a damaged journal and one of a newer version are refused, each with its own error", async (place) => {
  await fill(place.directory, 3);
  const path = `${place.directory}/journal/0000000001.jsonl`;
  const whole = await Deno.readTextFile(path);
  const { end } = verifyJournal(realDisk, place.directory);
  const cases = [
    {
      code: "newer_version",
      text: whole + forgedLine({ v: FORMAT_VERSION + 1, seq: 4 }, end.hash),
      says: "Restart this MCP server",
    },
    { code: "journal_damaged", text: whole.replace("do t2", "do T2"), says: "the verify command" },
    { code: "journal_damaged", text: "", says: "records up to 3 are missing" },
  ];
  for (const { code, text, says } of cases) {
    await Deno.writeTextFile(path, text);
    const error = await assertRejects(() => backUp(realDisk, place), Unavailable, says);
    assertEquals(error.code, code);
    assertEquals(code === "newer_version" && /damage|repair/.test(error.message), false);
    assertEquals(realDisk.identity(place.destination), undefined);
  }
});

test("a backup that dies at any operation, or has no room, leaves a whole copy or none", async ({ directory, destination }) => {
  await fill(directory, 10);
  let whole = 0;
  for (let number = 1, isOver = false; !isOver; number++) {
    assert(number < MAX_OPERATIONS, "it never ends");
    const copy = `${destination}-${number}`;
    const disk = new FaultyDisk(realDisk);
    disk.plan = dieAt(number);
    isOver = await backUp(disk, { directory, destination: copy }).then(() => true, () => false);
    const names = realDisk.list(copy);
    if (names.includes("journal")) {
      whole++;
      await using store = await open(copy);
      assertEquals((await taskIds(store.engine)).length, 10);
      assertEquals(store.log.warnings, []);
    } else assert(!names.includes("tasks.json") && !names.includes("state.json"), names.join());
  }
  assert(whole > 3);
});

test("a journal that is cut while it is copied leaves no copy that looks whole", async (place) => {
  await fill(place.directory, 3);
  const path = `${place.directory}/journal/0000000001.jsonl`;
  const cutting: Disk = {
    ...realDisk,
    open(each, mode) {
      if (each.endsWith(".jsonl") && mode === "replace") Deno.truncateSync(path, 100);
      return realDisk.open(each, mode);
    },
  };
  await assertRejects(() => backUp(cutting, place), Unavailable, "0 whole records instead of 3");
});

async function fill(directory: string, count: number) {
  await using store = await open(directory);
  for (let number = 1; number <= count; number++) await createTask(store.engine, `t${number}`);
  await checkpoint(store);
  return await wholeState(store.engine);
}

function open(directory: string) {
  return startStore({ directory, segmentBytes: SEGMENT_BYTES });
}

/** The content of every file, by its path in the directory. */
function filesOf(directory: string, prefix = ""): Map<string, string> {
  const entries = Array.from(Deno.readDirSync(`${directory}/${prefix}`)).sort((a, b) => a.name < b.name ? -1 : 1);
  return new Map(
    entries.flatMap(({ name, isDirectory }) =>
      isDirectory
        ? [...filesOf(directory, `${prefix}${name}/`)]
        : [[prefix + name, Deno.readTextFileSync(`${directory}/${prefix}${name}`)] as const]
    ),
  );
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}
