/** `task-orchestrator-mcp`: a tree of tasks in one JSON file, worked off in its order. */

import { attempt, type Calls, DESCRIPTION, type Peer, RESULT } from "../peer.ts";

interface Task {
  readonly id: string;
  readonly status: string;
}

export const taskOrchestrator: Peer = {
  name: "task-orchestrator",
  npmPackage: "task-orchestrator-mcp@1.1.0",
  notes: [
    "Has no claim, and no names for agents. Its documented way is `startTask` with the id that `completeTask` has " +
    "proposed; at first, and when that is refused, with the first `todo` of `listTasks`. It starts tasks only in " +
    "their order, and resets what others have started.",
    "Writes its whole file at each change, without locking or syncing it: quick while there are few tasks. A file " +
    "that another process is just writing reads as empty, and is then written so. Has only 7 tools, hence the short " +
    "list. Asks for Node 22.18; runs with 20, too.",
  ],
  launch: ({ installed, directory }) => ({
    command: "node",
    args: [`${installed}/node_modules/task-orchestrator-mcp/bin/index.js`],
    env: { FILE_PATH: `${directory}/tasks.json` },
  }),
  async create(session, name) {
    const { text } = await session.call("createTask", { name, description: DESCRIPTION });
    return JSON.parse(text).task.id;
  },
  async claim(session, _agent, next) {
    if (next !== undefined && await attempt(session.call("startTask", { id: next })) !== undefined) return { id: next };
    const tasks = await tasksOf(session);
    const todo = tasks.find(({ status }) => status === "todo");
    if (todo === undefined) return tasks.some(({ status }) => status === "in_progress") ? "refused" : "nothing";
    return await attempt(session.call("startTask", { id: todo.id })) === undefined ? "refused" : { id: todo.id };
  },
  async complete(session, _agent, id) {
    const { text } = await session.call("completeTask", { id, resolution: RESULT });
    return JSON.parse(text).next_task_id;
  },
  async list(session) {
    return (await session.call("listTasks")).text;
  },
};

async function tasksOf(session: Calls): Promise<readonly Task[]> {
  const { text } = await session.call("listTasks");
  return JSON.parse(text).tasks;
}
