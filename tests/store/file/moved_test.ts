/** Shows that the data directory of a project that is renamed while a process uses it is not made again, as another plan. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import { diskOfProject } from "../../../src/store/file/disk.ts";
import { SessionFiles } from "../../../src/store/file/session_files.ts";
import { missingOnWindows, testUnless } from "../../support/needs.ts";
import { append, checkpoint, createTask, drafted, openStore, startStore } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const NO_MOVE = missingOnWindows("rename of a directory with open files");

testUnless(NO_MOVE, "nothing that a process writes makes the directory of its project again")(async () => {
  await using temporary = await temporaryDirectory();
  const [before, after] = [`${temporary.path}/before`, `${temporary.path}/after`];
  await Deno.mkdir(before);
  const disk = diskOfProject(before);
  const options = { directory: before, disk, segmentBytes: 1_000 };
  await using running = await startStore(options);
  const [sessions, deliveries] = [SessionFiles, DeliveryFiles].map((Files) => {
    return new Files({ directory: before, disk, log: running.log });
  }) as [SessionFiles, DeliveryFiles];
  await createTask(running.engine, "a");
  // Ready to write: what it has opened so far moves with the directory.
  await using fresh = openStore(options);
  await Deno.rename(before, after);
  const writes: Readonly<Record<string, () => Promise<unknown>>> = {
    "a journal that has not opened a file": () => append(fresh.journal, [drafted("b")]),
    "a journal that is opened": async () => await startStore(options),
    "a segment after the last one": () =>
      createTask(running.engine, "x".repeat(100)).then(() => createTask(running.engine, "c")),
    "a checkpoint": () => checkpoint(running),
    "a session": () => sessions.open(crypto.randomUUID()),
    "a lead": () => deliveries.lead("webhook"),
    "a delivery": () => deliveries.save("webhook", "{}"),
  };
  for (const [what, write] of Object.entries(writes)) {
    const error = await assertRejects(write, Unavailable);
    assertStringIncludes(error.message, "moved or re", what);
  }
  assertEquals(Array.from(Deno.readDirSync(temporary.path), ({ name }) => name), ["after"]);
});
