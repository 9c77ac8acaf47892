/** Finds a Node.js that runs all clients. */

import { installPackages } from "../support/npm.ts";

/** mcporter needs this one; others need 22. */
const MIN_MAJOR = 24;

/** The version that npm has for Linux on both kinds of processor. */
const INSTALLED_VERSION = "24.20.0";

/**
 * The path of `node`: the one of this machine, or on Linux one that npm installs into a directory.
 *
 * @throws Error if there is neither
 */
export async function nodeFor(directory: string): Promise<string> {
  const { path, version } = await ownNode();
  if (Number.parseInt(version) >= MIN_MAJOR) return path;
  if (Deno.build.os !== "linux") {
    throw new Error(`Cannot run the clients as they need Node ${MIN_MAJOR} or newer: this is Node ${version}`);
  }
  const name = `node-linux-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  await Deno.mkdir(directory);
  await installPackages([`${name}@${INSTALLED_VERSION}`], directory);
  return `${directory}/node_modules/${name}/bin/node`;
}

async function ownNode(): Promise<{ readonly path: string; readonly version: string }> {
  const args = ["-p", "JSON.stringify({ path: process.execPath, version: process.versions.node })"];
  const { stdout } = await new Deno.Command("node", { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}
