/** `agent-orchestration`: a queue of tasks in SQLite, beside a shared memory and locks. */

import { DESCRIPTION, found, type Peer, RESULT, ToolError } from "../peer.ts";

export const agentOrchestration: Peer = {
  name: "agent-orchestration",
  npmPackage: "agent-orchestration@0.6.1",
  builtFromSource: ["better-sqlite3"],
  notes: [
    "`claim` is `task_claim` without an id. All tasks are `trivial`, as others demand research before they can be " +
    "claimed; each agent calls `bootstrap` first.",
    "SQLite in WAL mode with `synchronous=NORMAL`: an answer does not wait for the disk.",
  ],
  launch: ({ installed, directory }) => ({
    command: "node",
    args: [`${installed}/node_modules/agent-orchestration/dist/bin/cli.js`, "serve"],
    env: { MCP_ORCH_DB_PATH: `${directory}/orchestrator.db` },
  }),
  async enter(session, agent) {
    found(/(Session Initialized)/, (await session.call("bootstrap", { name: agent })).text);
  },
  async create(session, name) {
    const { text } = await session.call("task_create", {
      title: name,
      description: DESCRIPTION,
      complexity: "trivial",
    });
    return found(/^Task created: .*\(`(\w+)`\)/, text);
  },
  async claim(session) {
    const { text } = await session.call("task_claim");
    if (text.startsWith("No available tasks")) return "nothing";
    return { id: found(/^Claimed task: .*\(`(\w+)`\)/, text) };
  },
  async complete(session, _agent, id) {
    const { text } = await session.call("task_complete", { task_id: id, output: RESULT });
    if (!text.includes("Task completed")) throw new ToolError(text);
    return undefined;
  },
  async list(session) {
    return (await session.call("task_list")).text;
  },
};
