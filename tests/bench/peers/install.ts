/** Gets a peer onto this machine: with npm, into a temporary directory, its own each. */

import type { Peer } from "./peer.ts";

/** Building SQLite takes a minute on a quiet core. */
const NPM_TIMEOUT_MS = 300_000;

/** Something that npm was asked for, and has not done. The message is fit to be published. */
export class NpmError extends Error {
  override readonly name = "NpmError";
}

/** Installs into an empty directory. No package runs scripts but those that have to be built. */
export async function install(peer: Peer, directory: string): Promise<void> {
  if (peer.npmPackage === undefined) return;
  await Deno.writeTextFile(`${directory}/package.json`, JSON.stringify({ private: true }));
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", peer.npmPackage], directory);
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

async function npm(args: readonly string[], directory: string): Promise<void> {
  const what = `npm ${args[0]} ${args.find((arg, index) => index > 0 && !arg.startsWith("-"))}`;
  const signal = AbortSignal.timeout(NPM_TIMEOUT_MS);
  const command = new Deno.Command("npm", { args: [...args], cwd: directory, stdin: "null", signal });
  const { code, stderr } = await command.output();
  if (code === 0) return;
  console.error(new TextDecoder().decode(stderr));
  throw new NpmError(signal.aborted ? `${what} took too long` : `${what} failed with exit code ${code}`);
}
