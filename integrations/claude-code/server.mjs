/** Serves MCP to Claude Code. Installs the program first, if it is not there yet. */

import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { environment, isInstalled, launcherIn, OPTIONS, PACKAGE, PLACE } from "./program.mjs";

if (!isInstalled()) install();
Object.assign(process.env, environment());
const launcher = launcherIn(PLACE);
// The launcher takes this process over.
process.argv = [process.execPath, launcher, ...OPTIONS];
await import(pathToFileURL(launcher).href);

/** Installs the program beside its place, and then moves it there: several sessions may start at the same time. */
function install() {
  const draft = `${PLACE}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, "package.json"), `{ "private": true }`);
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE];
  // Standard output is for MCP. On Windows, npm is a script of the shell.
  const options = { cwd: draft, stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  const { status, error } = spawnSync("npm", args, options);
  try {
    if (status !== 0) throw new Error(`npm cannot install ${PACKAGE}`, { cause: error });
    renameSync(draft, PLACE);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another session may have been first.
    if (!isInstalled()) throw error;
  }
}
