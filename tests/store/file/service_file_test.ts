/** Shows that a notice counts where a service has left it, as long as it is whole, and nowhere else. */

import { assertEquals, assertThrows } from "@std/assert";
import { realDisk } from "../../../src/store/file/disk.ts";
import { findNotice, leaveNotice, SERVICE_FILE } from "../../../src/store/file/service_file.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const NOTICE = { url: "http://127.0.0.1:8787/", pid: 7, version: "1.4.0", startedAt: 1, key: "k" };

Deno.test("a notice is found until it is taken back", async () => {
  await using data = await temporaryDirectory();
  assertEquals(findNotice(realDisk, data.path), undefined);
  const left = leaveNotice(realDisk, data.path, NOTICE);
  assertEquals(findNotice(realDisk, data.path), NOTICE);
  left?.[Symbol.dispose]();
  assertEquals(findNotice(realDisk, data.path), undefined);
});

Deno.test("a notice does not count in another directory, nor if it is damaged", async () => {
  await using data = await temporaryDirectory();
  await using other = await temporaryDirectory();
  leaveNotice(realDisk, data.path, NOTICE);
  const path = `${data.path}/${SERVICE_FILE}`;
  const text = await Deno.readTextFile(path);
  await Deno.copyFile(path, `${other.path}/${SERVICE_FILE}`);
  assertEquals(findNotice(realDisk, other.path), undefined);
  const damaged = [
    "",
    "{",
    text.slice(0, -3),
    text.replace("http:", "file:"),
    text.replace('"k"', '""'),
    " ".repeat(5_000),
  ];
  for (const each of damaged) {
    await Deno.writeTextFile(path, each);
    assertEquals(findNotice(realDisk, data.path), undefined, each);
  }
});

Deno.test("of services that leave notices at once, each leaves a whole one, and no other file", async () => {
  await using data = await temporaryDirectory();
  const other = { ...NOTICE, url: "http://127.0.0.1:9/", pid: 8 };
  leaveNotice(
    {
      ...realDisk,
      rename(from, to) {
        leaveNotice(realDisk, data.path, other);
        assertEquals(findNotice(realDisk, data.path), other);
        realDisk.rename(from, to);
      },
    },
    data.path,
    NOTICE,
  );
  assertEquals(findNotice(realDisk, data.path), NOTICE);
  assertEquals(realDisk.list(data.path), [SERVICE_FILE]);
});

Deno.test("a notice that cannot be put in its place leaves nothing", async () => {
  await using data = await temporaryDirectory();
  await Deno.mkdir(`${data.path}/${SERVICE_FILE}`);
  assertThrows(() => leaveNotice(realDisk, data.path, NOTICE));
  assertEquals(realDisk.list(data.path), [SERVICE_FILE]);
});

Deno.test("a moved directory keeps its notice", async () => {
  await using parent = await temporaryDirectory();
  await Deno.mkdir(`${parent.path}/data`);
  leaveNotice(realDisk, `${parent.path}/data`, NOTICE);
  await Deno.rename(`${parent.path}/data`, `${parent.path}/moved`);
  assertEquals(findNotice(realDisk, `${parent.path}/moved`), NOTICE);
});
