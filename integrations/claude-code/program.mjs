/** The program that the plugin starts: where it is, on which plan it works, and as which instance. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";

const { version } = JSON.parse(readFileSync(new URL(".claude-plugin/plugin.json", import.meta.url), "utf8"));

/** What npm installs: the version of the plugin, or what the user names, such as a tarball. */
export const PACKAGE = process.env["ORCHESTRATOR_PACKAGE"] || `@mcp-orchestrator/server@${version}`;

/** Where it is installed. Claude Code removes this directory with the plugin. */
export const PLACE = join(
  process.env["CLAUDE_PLUGIN_DATA"] || join(homedir(), ".claude", "plugins", "data", "orchestrator"),
  `server-${version}`,
);

/** Options of the program: each repository has a plan of its own. */
export const OPTIONS = ["--project", "auto"];

/** The file that starts the program, in the directory of an installation. */
export function launcherIn(directory) {
  return join(directory, "node_modules", "@mcp-orchestrator", "server", "launcher.mjs");
}

/** Whether the program is installed. */
export function isInstalled() {
  return existsSync(launcherIn(PLACE));
}

/**
 * The environment of the program. The server and the hooks of a session have one parent, the process of Claude Code: so
 * all of them know the id of the instance. The session id is no such thing, as Claude Code changes it while its servers
 * go on. A token may be bound to another instance.
 */
export function environment() {
  const { ORCHESTRATOR_INSTANCE: chosen, ORCHESTRATOR_TOKEN: token, ...others } = process.env;
  if (chosen || token) return process.env;
  const parent = createHash("sha256").update(`${hostname()} ${process.ppid}`).digest("hex");
  return { ...others, ORCHESTRATOR_INSTANCE: `claude-code-${parent.slice(0, 8)}` };
}
