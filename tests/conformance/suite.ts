/** The official conformance suite of MCP, installed with npm. It runs under Deno, as it needs a newer Node than 20. */

import { fileURLToPath } from "node:url";
import { installPackages } from "../support/npm.ts";

/** An exact version: another one may ask for more. */
export const SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12";

const PROGRAM = "node_modules/@modelcontextprotocol/conformance/dist/index.js";

/** Longer than a run takes, even if each of its scenarios waits for its own time-out. */
const RUN_TIMEOUT_MS = 120_000;

export async function installSuite(directory: string): Promise<void> {
  await installPackages([SUITE], directory);
}

export interface SuiteRun {
  /** The address of the server. */
  readonly url: URL;
  /** A revision of the protocol. */
  readonly revision: string;
  /** The only scenario to run. Default: all that the revision requires. */
  readonly scenario?: string | undefined;
  /** The name of the file in `expected_failures`, without `.yml`. */
  readonly expected: string;
}

export interface SuiteResult {
  /** Whether nothing failed but what was expected, and all that was. */
  readonly success: boolean;
  readonly output: string;
}

/** Runs the suite that is installed in a directory. */
export async function runSuite(
  directory: string,
  { url, revision, scenario, expected }: SuiteRun,
): Promise<SuiteResult> {
  const permissions = [`--allow-read=${directory},${fileURLToPath(EXPECTED)}`, "--allow-env", "--allow-sys"];
  const what = scenario === undefined
    ? ["--requirements", revision]
    : ["--scenario", scenario, "--spec-version", revision];
  const file = fileURLToPath(new URL(`${expected}.yml`, EXPECTED));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-lock", "--node-modules-dir=manual"],
      ...[...permissions, `--allow-net=${url.host}`],
      ...[PROGRAM, "server", "--url", url.href, ...what, "--expected-failures", file],
    ],
    cwd: directory,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(RUN_TIMEOUT_MS),
  }).output();
  const decoder = new TextDecoder();
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

const EXPECTED = new URL("expected_failures/", import.meta.url);
