/** Shows what becomes of a project that a process begins to use at the moment in which it is renamed. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { locateProject } from "../../src/composition/locate_project.ts";
import { runProjects } from "../../src/composition/projects.ts";
import { startApp } from "../../src/composition/start_app.ts";
import type { Surroundings } from "../../src/composition/surroundings.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { makeProject } from "../../src/store/file/projects.ts";
import { RecordingLog } from "../support/log.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Renames `web` to `site`, while a process begins a session in it. Returns the error and the names afterwards. */
async function renameInUse(meanwhile: (place: string) => void) {
  await using home = await temporaryDirectory();
  const place = `${home.path}/mcp-orchestrator/projects`;
  await Deno.mkdir(place, { recursive: true });
  makeProject(place, "web");
  const surroundings = surroundingsIn(home.path);
  const terminal = { print: () => {}, columns: 80, hasColors: false };
  const { rename } = realDisk;
  using stack = new DisposableStack();
  stack.defer(() => Object.assign(realDisk, { rename }));
  Object.assign(realDisk, {
    rename(from: string, to: string) {
      rename.call(realDisk, from, to);
      if (!to.endsWith("/site")) return;
      Deno.mkdirSync(`${to}/sessions`);
      const file = stack.use(Deno.openSync(`${to}/sessions/${crypto.randomUUID()}`, { write: true, createNew: true }));
      file.lockSync(true);
      meanwhile(place);
    },
  });
  const error = await assertRejects(async () => {
    await runProjects(
      { type: "projects rename", from: "web", to: "site" } as Parameters<typeof runProjects>[0],
      { surroundings, log: surroundings.log, terminal },
    );
  });
  return { error, names: Array.from(Deno.readDirSync(place), ({ name }) => name).sort() };
}

testUnless(missingOnWindows("XDG_DATA_HOME"), "a project that is renamed right after it was found is not made again")(
  async () => {
    await using home = await temporaryDirectory();
    const place = `${home.path}/mcp-orchestrator/projects`;
    await Deno.mkdir(place, { recursive: true });
    makeProject(place, "web");
    const { readFile } = realDisk;
    using stack = new DisposableStack();
    stack.defer(() => Object.assign(realDisk, { readFile }));
    Object.assign(realDisk, {
      readFile(path: string) {
        const content = readFile.call(realDisk, path);
        if (path === `${place}/web/project.json`) Deno.renameSync(`${place}/web`, `${place}/site`);
        return content;
      },
    });
    const location = await locateProject("web", "create", surroundingsIn(home.path));
    await assertRejects(() => startApp(location, { log: new RecordingLog() }), Unavailable, "was moved or removed");
    assertEquals(Array.from(Deno.readDirSync(place), ({ name }) => name), ["site"]);
  },
);

testUnless(missingOnWindows("XDG_DATA_HOME"), "a project that a process begins to use keeps its name")(async () => {
  const { error, names } = await renameInUse(() => {});
  assert(error instanceof Refusal, String(error));
  assertEquals(names, ["web"]);
  assertStringIncludes(String(error), "Cannot rename project web while it is used by");
});

testUnless(
  missingOnWindows("XDG_DATA_HOME"),
  "a project that is renamed and made again by a process that uses it is said to be both",
)(async () => {
  const { error, names } = await renameInUse((place) => Deno.mkdirSync(`${place}/web/journal`, { recursive: true }));
  assert(error instanceof Unavailable, String(error));
  assertEquals(names, ["site", "web"]);
  assertStringIncludes(String(error), "Project web is now site");
});

/** Surroundings with projects in a directory, but without a program: nothing here looks at it. */
function surroundingsIn(path: string): Surroundings {
  return {
    os: Deno.build.os,
    environment: (variable: string) => variable === "XDG_DATA_HOME" ? path : undefined,
    mayRead: () => true,
    log: new RecordingLog(),
  } as unknown as Surroundings;
}
