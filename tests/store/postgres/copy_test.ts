/** Shows that a plan goes from files into PostgreSQL and back with all its records as they are. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { copyJournal, refuseEmpty } from "../../../src/app/copy.ts";
import { Engine } from "../../../src/app/engine.ts";
import { type RawJournal, Unavailable } from "../../../src/app/ports.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { RawDirectory } from "../../../src/store/file/raw_directory.ts";
import { openPostgres, openRawProject } from "../../../src/store/postgres/open.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { testOnPostgres } from "../../support/postgres.ts";
import { createTask, openStore, startStore, wholeState } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

testOnPostgres("copies between files and PostgreSQL", (cluster) => {
  let projects = 0;

  function raw(project: string, isReadOnly = false): RawJournal {
    return openRawProject({ address: cluster().address, project, now: Date.now, log: new RecordingLog(), isReadOnly });
  }

  function rawFiles(directory: string, isReadOnly = false): Promise<RawJournal> {
    return RawDirectory.open({ directory, disk: realDisk, isReadOnly });
  }

  async function copyFiles(from: string, project: string) {
    await using source = await rawFiles(from, true);
    await using target = raw(project);
    await refuseEmpty(source);
    return await copyJournal(source, target);
  }

  /** All of a journal, as its files hold it one after the other. */
  function bytesOf(directory: string): string {
    const files = realDisk.list(`${directory}/journal`).toSorted();
    const decoder = new TextDecoder();
    return files.map((file) => decoder.decode(realDisk.readFile(`${directory}/journal/${file}`))).join("");
  }

  Deno.test("a plan in several segments comes back byte for byte, and a repeat adds what has come since", async () => {
    await using directory = await temporaryDirectory();
    await using back = await temporaryDirectory();
    const project = `copy${projects++}`;
    const grow = async (...ids: readonly string[]) => {
      await using store = await startStore({ directory: directory.path, segmentBytes: 2_000 });
      for (const id of ids) await createTask(store.engine, id);
    };
    await grow(...Array.from({ length: 30 }, (_, index) => `t${index}`));
    assert(realDisk.list(`${directory.path}/journal`).length > 2);
    assertEquals((await copyFiles(directory.path, project)).added, 30);
    await grow("late");
    const { added, records } = await copyFiles(directory.path, project);
    assertEquals([added, records], [1, 31]);
    await using source = raw(project, true);
    {
      await using target = await rawFiles(back.path);
      assertEquals((await copyJournal(source, target)).added, 31);
    }
    assertEquals(bytesOf(back.path), bytesOf(directory.path));
    await using store = openStore({ directory: back.path });
    assertEquals(await store.journal.identity(), { id: await firstHash(source), epoch: 0 });
  });

  for (const version of ["1.0.0", "1.3.0", "1.3.2"]) {
    Deno.test(`data of ${version} is the same plan in PostgreSQL`, async () => {
      await using directory = await temporaryDirectory();
      await copyOldJournal(version, directory.path);
      const project = `copy${projects++}`;
      await copyFiles(directory.path, project);
      const log = new RecordingLog();
      const address = cluster().address;
      const { close, ...store } = openPostgres({ address, project, now: Date.now, log, isReadOnly: false });
      await using files = await startStore({ directory: directory.path });
      const engine = await Engine.start({ ...store, log });
      assertEquals(await wholeState(engine), await wholeState(files.engine));
      await createTask(engine, "new");
      await engine.close();
      await close();
    });
  }

  Deno.test("a copy that was interrupted goes on", async () => {
    await using directory = await temporaryDirectory();
    const project = `copy${projects++}`;
    {
      await using store = await startStore({ directory: directory.path, segmentBytes: 1_000 });
      for (let index = 0; index < 20; index++) await createTask(store.engine, `t${index}`);
    }
    await using source = await rawFiles(directory.path, true);
    await using target = raw(project);
    let parts = 0;
    const breaking = overriding<RawJournal>(target, {
      append: (after, records) => {
        if (++parts === 3) return Promise.reject(new Unavailable("storage_failed", "The network is gone"));
        return target.append(after, records);
      },
    });
    await assertRejects(() => copyJournal(source, breaking), Unavailable, "The network is gone");
    const { added, records } = await copyJournal(source, target);
    assert(added > 0 && added < 20, `${added}`);
    assertEquals(records, 20);
  });

  Deno.test("where there is nothing to copy, that is said", async () => {
    await using directory = await temporaryDirectory();
    await assertRejects(() => copyFiles(directory.path, `copy${projects++}`), Unavailable, "nothing to copy");
  });

  Deno.test("a plan is not copied over another one", async () => {
    const project = `copy${projects++}`;
    for (const id of ["one", "two"]) {
      await using directory = await temporaryDirectory();
      {
        await using store = await startStore({ directory: directory.path });
        await createTask(store.engine, id);
      }
      if (id === "one") await copyFiles(directory.path, project);
      else await assertRejects(() => copyFiles(directory.path, project), Unavailable, "has a plan already");
    }
  });
});

async function copyOldJournal(version: string, directory: string): Promise<void> {
  const source = new URL(`../../data/${version}/journal/`, import.meta.url);
  await Deno.mkdir(`${directory}/journal`);
  for await (const { name } of Deno.readDir(source)) {
    await Deno.copyFile(new URL(name, source), `${directory}/journal/${name}`);
  }
}

async function firstHash(journal: RawJournal): Promise<string | undefined> {
  for await (const [first] of journal.read()) return first?.hash;
  return undefined;
}
