/** Shows that a process that meets a full disk for real keeps what it acknowledged, and knows no more than that. */

import { assert, assertEquals } from "@std/assert";
import { realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { startChild } from "../../support/child.ts";
import { createTask, startStore, taskIds } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const WORKER = new URL("worker.ts", import.meta.url);

Deno.test({
  name: "a process whose files may not grow keeps all acknowledged records",
  permissions: { read: "inherit", write: "inherit", run: "inherit" },
  async fn() {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: it has no ulimit");
    for (const blocks of [8, 9]) {
      await using directory = await temporaryDirectory();
      // A file that may not grow stands in for a disk that is full: writes are cut short, then fail.
      const before = `trap '' XFSZ; ulimit -f ${blocks}`;
      await using child = startChild(WORKER, [directory.path, "create", "t", "1000"], { before });
      await child.endInput();
      const lines = await Array.fromAsync(child.lines);
      const created = lines.filter((line) => line.startsWith("created ")).map((line) => line.slice(8));
      assert(created.length > 20, lines.join("\n"));
      assert(lines.some((line) => line.startsWith("failed AppendFailed: Cannot write to")), lines.at(-2));
      assertEquals(lines.at(-1), `known ${JSON.stringify(created)}`);

      await using store = await startStore({ directory: directory.path });
      assertEquals(await taskIds(store.engine), created);
      await createTask(store.engine, "after");
      const { records, fault } = verifyJournal(realDisk, directory.path);
      assertEquals({ records, fault }, { records: created.length + 1, fault: undefined });
    }
  },
});
