/** Installs one client, has it carry out the scenario on a data directory of its own, and judges what is there after. */

import { assertEquals } from "@std/assert";
import { installPackages, npm, NpmError } from "../support/npm.ts";
import { cacheDirectory } from "../support/program.ts";
import { programArgs, startServer } from "../support/server.ts";
import type { Client } from "./clients.ts";
import { Driver } from "./driver.ts";
import { carryOut, FINAL_STATUSES, type Step, StepError } from "./scenario.ts";

/** What became of a client: `missing` says why it could not be installed. */
export type Outcome =
  | { readonly type: "passed" | "connected"; readonly tools: number | undefined }
  | { readonly type: "failed"; readonly step: Step | "connect" | "end"; readonly why: string }
  | { readonly type: "missing"; readonly why: string };

export interface Place {
  /** An empty directory. */
  readonly directory: string;
  /** The program `node`. */
  readonly node: string;
}

export async function runClient(client: Client, { directory, node }: Place): Promise<Outcome> {
  const installed = `${directory}/installed`;
  const data = `${directory}/data`;
  for (const path of [installed, data, `${directory}/home`]) await Deno.mkdir(path, { recursive: true });
  try {
    await installPackages(client.packages, installed);
    if (client.rebuilt !== undefined) await npm(["rebuild", client.rebuilt], installed);
  } catch (error) {
    if (error instanceof NpmError) return { type: "missing", why: error.message };
    throw error;
  }
  const cache = { DENO_DIR: await cacheDirectory() };
  const launch = { command: Deno.execPath(), args: programArgs(data), env: cache };
  try {
    await using driver = await Driver.start({
      node,
      installed,
      driver: client.driver,
      configuration: client.configure(launch),
      options: client.options ?? {},
      env: { ...environmentOf(directory, node), ...cache },
    });
    if (client.does === "scenario") await carryOut(driver);
    await driver.close();
    if (client.does === "connects") return { type: "connected", tools: driver.tools };
    return await judge(data) ?? { type: "passed", tools: driver.tools };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { type: "failed", step: error instanceof StepError ? error.step : "connect", why };
  }
}

/** The failure, if the tasks are not as the scenario leaves them, read by a server of our own. */
async function judge(data: string): Promise<Outcome | undefined> {
  await using server = await startServer(data);
  const tasks = await server.ask<readonly { id: string; status: string }[]>("get_task_status");
  try {
    assertEquals(Object.fromEntries(tasks.map(({ id, status }) => [id, status])), FINAL_STATUSES);
    return undefined;
  } catch (error) {
    return { type: "failed", step: "end", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Nothing of the person who runs this: a home of its own, no account, no reports to a client's makers. */
function environmentOf(directory: string, node: string): Record<string, string> {
  const path = [node, Deno.execPath()].map((program) => program.replace(/\/[^/]*$/, ""));
  return {
    PATH: [...path, Deno.env.get("PATH") ?? ""].join(":"),
    HOME: `${directory}/home`,
    NO_COLOR: "1",
    CI: "true",
    DO_NOT_TRACK: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    GEMINI_CLI_TRUST_WORKSPACE: "true",
    MASTRA_TELEMETRY_DISABLED: "1",
    MCP_USE_ANONYMIZED_TELEMETRY: "false",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
  };
}
