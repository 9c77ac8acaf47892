/** Shows that init can be killed before each of its steps, or run twice at once, and all of it is still taken back. */

import { assertEquals } from "@std/assert";
import { CLIENTS } from "../../src/init/clients.ts";
import { MAIN } from "../support/server.ts";
import { cacheDirectory } from "../support/program.ts";
import { type ConfigFiles, NEW_FILE_SUFFIX, realConfigFiles } from "../../src/init/config_files.ts";
import { type InitHome, initHome } from "../support/init.ts";

const USED = ["claude-code", "codex"];

/** Files and directories as they were before. */
async function usedHome(): Promise<InitHome> {
  const home = await initHome();
  await home.write(`${home.home}/.claude.json`, '{\n  // mine\n  "theme": "dark"\n}\n');
  await home.write(`${home.home}/.codex/config.toml`, 'model = "o"\n');
  return home;
}

class Killed extends Error {}

/** Files whose process dies before the change of that number, as by SIGKILL: nothing that would follow it happens. */
function dyingAt(change: number, leavesFresh: boolean): ConfigFiles {
  let changes = 0;
  const dieAtLast = (written?: string) => {
    if (changes > change) throw new Killed();
    if (changes++ < change) return;
    if (leavesFresh && written !== undefined) Deno.writeTextFileSync(written + NEW_FILE_SUFFIX, "{");
    changes++;
    throw new Killed();
  };
  return {
    ...realConfigFiles,
    replace(path, text, mode) {
      dieAtLast(path);
      realConfigFiles.replace(path, text, mode);
    },
    update(path, change, mode) {
      dieAtLast(path);
      realConfigFiles.update(path, change, mode);
    },
    removeFile(path) {
      dieAtLast();
      realConfigFiles.removeFile(path);
    },
    makeDirectory(path, mode) {
      dieAtLast();
      realConfigFiles.makeDirectory(path, mode);
    },
    removeEmptyDirectory(path) {
      dieAtLast();
      realConfigFiles.removeEmptyDirectory(path);
    },
  };
}

/**
 * All files and directories, but for the empty ones that the directory of the record is in: what was made for it when a
 * process dies just before the record is there, or just after it has gone, nobody knows.
 */
async function contentsOf(home: InitHome): Promise<ReadonlyMap<string, string>> {
  const contents = await home.contents();
  const shared = [`${home.home}/.local`, `${home.home}/.local/share`];
  return new Map(
    Array.from(contents).filter(([path, text]) => !(shared.includes(path) && text.startsWith("directory"))),
  );
}

/** Runs init until it dies before that change; returns whether it did. */
function runDying(home: InitHome, change: number, { remove = false, leavesFresh = false }): boolean {
  try {
    home.run({ remove, clients: USED }, { files: dyingAt(change, leavesFresh) });
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  }
}

Deno.test("init that was killed before any of its changes is taken back, or finished, byte for byte", async () => {
  for (const ending of ["take back", "finish first"]) {
    for (let change = 0, isDying = true; isDying; change++) {
      await using home = await usedHome();
      const before = await home.contents();
      isDying = runDying(home, change, {});
      if (ending === "finish first") assertEquals(home.run({ clients: USED }).code, 0);
      home.run({ remove: true });
      assertEquals(await contentsOf(home), before, `${ending}, killed before change ${change}`);
    }
  }
});

Deno.test("init --remove that was killed before any of its changes goes on where it was", async () => {
  for (let change = 0, isDying = true; isDying; change++) {
    await using home = await usedHome();
    const before = await home.contents();
    home.run({ clients: USED });
    isDying = runDying(home, change, { remove: true });
    home.run({ remove: true });
    assertEquals(await contentsOf(home), before, `killed before change ${change}`);
  }
});

Deno.test("a new content that a killed init has left half written is in nobody's way", async () => {
  await using home = await usedHome();
  const before = await home.contents();
  for (let change = 0; runDying(home, change, { leavesFresh: true }); change++);
  home.run({ remove: true });
  assertEquals(await contentsOf(home), before);
});

Deno.test("of two inits that change what is remembered at once, neither loses the other's change", async () => {
  await using home = await usedHome();
  const before = await home.contents();
  let isNested = false;
  const files: ConfigFiles = {
    ...realConfigFiles,
    read(path) {
      const text = realConfigFiles.read(path);
      // Between what the first init reads and what it writes, another one runs whole.
      if (!isNested && path.endsWith("/init.json")) {
        isNested = true;
        home.run({ clients: ["codex"] });
      }
      return text;
    },
  };
  home.run({ clients: ["claude-code"] }, { files });
  const record = JSON.parse(await Deno.readTextFile(`${home.home}/.local/share/mcp-orchestrator/init.json`));
  assertEquals(record.changes.length, 2);
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
});

Deno.test("many inits at once write all that they are asked to, and remember all of it", async () => {
  await using home = await initHome();
  // Claude Desktop is configured only for a repository.
  await home.initGit();
  const before = await home.contents();
  const names = CLIENTS.map(({ name }) => name).slice(0, 6);
  const env = {
    HOME: home.home,
    XDG_DATA_HOME: `${home.home}/.local/share`,
    XDG_CONFIG_HOME: "",
    DENO_DIR: await cacheDirectory(),
  };
  const codes = await Promise.all(names.map(async (name) => {
    const args = ["run", "--quiet", "-A", MAIN, "init", "--yes", "--no-instructions", "--client", name];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, env, cwd: home.project }).output();
    return [code, new TextDecoder().decode(stderr)];
  }));
  assertEquals(codes, names.map(() => [0, ""]));
  const record = JSON.parse(await Deno.readTextFile(`${home.home}/.local/share/mcp-orchestrator/init.json`));
  assertEquals(record.changes.length, names.length);
  home.run({ remove: true });
  assertEquals(await contentsOf(home), before);
});
