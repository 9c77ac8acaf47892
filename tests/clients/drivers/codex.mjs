/** Codex: `codex app-server` calls the tools of its servers for a program that embeds it, without a model or an account. */

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { run } from "./program.mjs";
import { textOf } from "./text.mjs";

const SERVER = "orchestrator";

/** Codex prepares its connection to a model when a thread starts: here to an address where nobody listens. */
const NO_MODEL = `model_provider = "none"
[model_providers.none]
name = "none"
base_url = "http://127.0.0.1:9"
`;

export async function connect({ command, args, env }) {
  process.env.CODEX_HOME = `${process.cwd()}/codex-home`;
  mkdirSync(process.env.CODEX_HOME);
  writeFileSync(`${process.env.CODEX_HOME}/config.toml`, NO_MODEL);
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const { code, log } = await run("codex", ["mcp", "add", SERVER, ...variables, "--", command, ...args]);
  if (code !== 0) throw new Error(`codex mcp add ended with ${code}: ${log}`);
  const { request, notify, end } = startAppServer();
  await request("initialize", { clientInfo: { name: "driver", version: "1.0.0" } });
  notify("initialized");
  const { thread } = await request("thread/start", { cwd: process.cwd() });
  const { data } = await request("mcpServerStatus/list", {});
  const status = data.find(({ name }) => name === SERVER);
  return {
    tools: Object.keys(status.tools).length,
    call: async (tool, args) =>
      textOf(await request("mcpServer/tool/call", { threadId: thread.id, server: SERVER, tool, arguments: args })),
    close: end,
  };
}

/** Starts the program, which speaks JSON-RPC, a message a line. */
function startAppServer() {
  const child = spawn("node_modules/.bin/codex", ["app-server"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const open = new Map();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, result, error } = JSON.parse(line);
    open.get(id)?.(error === undefined ? result : Promise.reject(new Error(error.message)));
    open.delete(id);
  });
  const send = (message) => child.stdin.write(JSON.stringify(message) + "\n");
  let last = 0;
  return {
    request: (method, params) =>
      new Promise((resolve) => {
        open.set(++last, resolve);
        send({ id: last, method, params });
      }),
    notify: (method) => send({ method }),
    end: () => child.kill(),
  };
}
