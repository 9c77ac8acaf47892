/** `mcp-shrimp-task-manager`: a plan in one JSON file, with prompts that lead one agent through it. */

import { attempt, DESCRIPTION, found, type Peer, RESULT } from "../peer.ts";

export const shrimp: Peer = {
  name: "shrimp",
  npmPackage: "mcp-shrimp-task-manager@1.0.21",
  notes: [
    "Has no claim, and no names for agents. Its documented way is `execute_task` with the first id of " +
    "`list_tasks` with `pending`; `complete` is `verify_task` with a score of 100, `create` is `split_tasks` with " +
    "`append`. The file is filled with 50 tasks a call.",
    "Writes its whole file at each change, without locking or syncing it. Two writers at a time can leave a file " +
    "that is no JSON; then it lists nothing, and refuses all. It asks the client for its roots at each " +
    "access; this client has none, so `DATA_DIR` holds.",
  ],
  launch: ({ installed, directory }) => ({
    command: "node",
    args: [`${installed}/node_modules/mcp-shrimp-task-manager/dist/index.js`],
    env: { DATA_DIR: directory, TEMPLATES_USE: "en", ENABLE_GUI: "false" },
  }),
  async create(session, name) {
    const { text } = await session.call("split_tasks", newTasks([name]));
    found(new RegExp(`(${name})`), text);
    return found(/\*\*ID:\*\* `([^`]+)`/, text);
  },
  async createMany(session, names) {
    const { text } = await session.call("split_tasks", newTasks(names));
    found(new RegExp(`(${names.at(-1)})`), text);
  },
  async claim(session) {
    const pending = await session.call("list_tasks", { status: "pending" });
    const id = /\*\*ID:\*\* `([^`]+)`/.exec(pending.text)?.[1];
    if (id === undefined) return pending.text.startsWith("## ") ? "nothing" : "refused";
    const executed = await attempt(session.call("execute_task", { taskId: id }));
    return executed?.text.includes("## Task Execution") ? { id } : "refused";
  },
  async complete(session, _agent, id) {
    const { text } = await session.call("verify_task", { taskId: id, summary: RESULT, score: 100 });
    found(/(successfully marked as completed)/, text);
    return undefined;
  },
  async list(session) {
    return (await session.call("list_tasks", { status: "all" })).text;
  },
};

function newTasks(names: readonly string[]) {
  const tasks = names.map((name) => ({ name, description: DESCRIPTION, implementationGuide: "As seems best" }));
  return { updateMode: "append", tasksRaw: JSON.stringify(tasks) };
}
