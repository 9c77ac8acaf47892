/** Gets a peer onto this machine: with npm, into a temporary directory, its own each. */

import { installPackages, npm } from "../../support/npm.ts";
import type { Peer } from "./peer.ts";

/** Installs into an empty directory. No package runs scripts but those that have to be built. */
export async function install(peer: Peer, directory: string): Promise<void> {
  if (peer.npmPackage === undefined) return;
  await installPackages([peer.npmPackage], directory);
  for (const name of peer.builtFromSource ?? []) await npm(["rebuild", name, "--build-from-source"], directory);
}

/** `name version`, as the program tells it; says so if there is none. */
export async function versionOf(name: string, program: string): Promise<string> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    return `${name} ${new TextDecoder().decode(stdout).trim().replace(/^v/, "")}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${name}`;
    throw error;
  }
}
