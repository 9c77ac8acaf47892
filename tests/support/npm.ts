/** Installs packages with npm into directories of their own. */

/** Building SQLite takes a minute on a quiet core. */
const NPM_TIMEOUT_MS = 300_000;

/** An npm command that failed. The message is fit to be published. */
export class NpmError extends Error {
  override readonly name = "NpmError";
}

/** Installs packages (`name@version`) into an empty directory. No package runs scripts. */
export async function installPackages(packages: readonly string[], directory: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/package.json`, JSON.stringify({ private: true }));
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], directory);
}

/**
 * Runs npm in a directory.
 *
 * @throws NpmError if it fails, or if there is no npm
 */
export async function npm(args: readonly string[], directory: string): Promise<void> {
  const what = `npm ${args[0]} ${args.find((arg, index) => index > 0 && !arg.startsWith("-"))}`;
  const signal = AbortSignal.timeout(NPM_TIMEOUT_MS);
  const command = new Deno.Command("npm", { args: [...args], cwd: directory, stdin: "null", signal });
  const { code, stderr } = await command.output().catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw new NpmError("there is no npm", { cause: error });
    throw error;
  });
  if (code === 0) return;
  console.error(new TextDecoder().decode(stderr));
  throw new NpmError(signal.aborted ? `${what} took too long` : `${what} failed with exit code ${code}`);
}
