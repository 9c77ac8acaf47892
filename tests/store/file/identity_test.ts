/** Shows that a journal keeps its identity, and that a repair gives it another epoch before it cuts records off. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { backUp } from "../../../src/store/file/backup.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { IdentityReader, raiseEpoch } from "../../../src/store/file/identity.ts";
import { repairJournal } from "../../../src/store/file/maintenance.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { append, drafted, openStore } from "../../support/store.ts";
import { eightRecords, segments } from "./damage.ts";
import { FaultyDisk } from "./faulty_disk.ts";

const EPOCH = "/data/epoch";

async function identityOf(disk: MemoryDisk) {
  await using store = openStore({ directory: "/data", disk });
  return await store.journal.identity();
}

/** Makes the last record invalid but one, so that a repair cuts two off. */
function damage(disk: MemoryDisk): void {
  const path = segments(disk).at(-1) ?? "";
  disk.put(path, (disk.files().get(path) ?? "").replace('"seq":7', '"seq":9'));
}

Deno.test("the id of a journal is the hash of its first record, however long that is", async () => {
  for (const length of [1, 4_000, 5_000, 100_000]) {
    const disk = new MemoryDisk();
    await using store = openStore({ directory: "/data", disk });
    await append(store.journal, [drafted("a", "x".repeat(length)), drafted("b")]);
    const [first = ""] = (disk.files().get("/data/journal/0000000001.jsonl") ?? "").split("\n");
    assertEquals(await store.journal.identity(), { id: JSON.parse(first).hash, epoch: 0 });
  }
});

Deno.test("each repair that cuts records off raises the epoch", async () => {
  const { disk } = await eightRecords();
  const { id } = await identityOf(disk) ?? {};
  assertEquals((await repairJournal(disk, "/data", 1)).copies, undefined);
  assertEquals(await identityOf(disk), { id, epoch: 0 });
  for (const epoch of [1, 2]) {
    damage(disk);
    await repairJournal(disk, "/data", epoch);
    assertEquals(await identityOf(disk), { id, epoch });
    await using store = openStore({ directory: "/data", disk });
    const end = (await Array.fromAsync(store.journal.read(store.journal.origin))).at(-1)?.position;
    await append(store.journal, [drafted(`later ${epoch}`), drafted("last")], end);
  }
});

Deno.test("another first record in the same file is seen if the file is shorter, or once the journal is known to be replaced", () => {
  const disk = new MemoryDisk();
  const path = "/data/journal/0000000001.jsonl";
  const write = (digit: string, textSize: number) => {
    const file = disk.open(path, "append");
    file.truncate(0);
    file.write(new TextEncoder().encode(`{"text":"${"x".repeat(textSize)}","hash":"${digit.repeat(64)}"}\n`));
    file.close();
  };
  disk.put(path, "");
  const reader = new IdentityReader(disk, "/data");
  assertEquals(reader.read(), undefined);
  write("a", 100);
  assertEquals(reader.read(), { id: "a".repeat(64), epoch: 0 });
  write("b", 50);
  assertEquals(reader.read(), { id: "b".repeat(64), epoch: 0 });
  write("c", 100);
  reader.forget();
  assertEquals(reader.read(), { id: "c".repeat(64), epoch: 0 });
});

Deno.test("a backup keeps the identity", async () => {
  await using directory = await temporaryDirectory();
  const data = `${directory.path}/data`;
  await using store = openStore({ directory: data });
  await append(store.journal, [drafted("a")]);
  raiseEpoch(realDisk, data);
  const identity = await store.journal.identity();
  assertEquals(identity?.epoch, 1);
  await backUp(realDisk, { directory: data, destination: `${directory.path}/copy` });
  await using copy = openStore({ directory: `${directory.path}/copy` });
  assertEquals(await copy.journal.identity(), identity);
});

Deno.test("a repair that dies at any moment has cut nothing off under the old epoch", async () => {
  for (let number = 1;; number++) {
    const { disk } = await eightRecords();
    damage(disk);
    const before = disk.files();
    const paths = segments(disk);
    const faulty = new FaultyDisk(disk);
    faulty.plan = (operation) => operation.number >= number ? { error: new Error("dead") } : undefined;
    const isDone = await repairJournal(faulty, "/data", 1).then(() => true, () => false);
    const after = disk.files();
    const isCut = paths.some((path) => after.get(path) !== before.get(path));
    if (isCut) assertEquals(after.get(EPOCH), "1\n");
    if (!isDone) continue;
    assert(isCut && number > 5);
    return;
  }
});

Deno.test("a damaged epoch is refused with what would help, and calls go on", async () => {
  for (const content of ["", "x\n", "1", "-1\n", "1\n2\n"]) {
    const { disk } = await eightRecords();
    disk.put(EPOCH, content);
    const error = await assertRejects(() => identityOf(disk), Unavailable);
    assertEquals(error.code, "journal_damaged");
    assert(error.message.startsWith(`${EPOCH} is damaged: `), error.message);
  }
});
