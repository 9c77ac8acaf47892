/** `backlog.md`: a Markdown file for each task, in the project's repository. */

import { attempt, DESCRIPTION, found, type Peer, type Place, RESULT } from "../peer.ts";

export const backlog: Peer = {
  name: "backlog.md",
  npmPackage: "backlog.md@1.52.0",
  notes: [
    "Has no claim. Its documented way is `task_edit` with the status “In Progress” and the agent as the assignee, on " +
    "the first of `task_list` with `ready`, `unassigned` and “To Do”; the reading and planning between is left out. " +
    "`complete` is `task_edit` with “Done” and a summary.",
    "Initialized with `--no-git`. Its program is started by a Node script; memory is that of both.",
  ],
  launch: (place) => ({ command: "node", args: [script(place), "mcp", "start", "--cwd", place.directory] }),
  prepare: (place) => ({
    command: "node",
    args: [script(place), "init", "peers", "--defaults", "--no-git", "--integration-mode", "none"],
  }),
  async create(session, name) {
    const { text } = await session.call("task_create", { title: name, description: DESCRIPTION });
    return found(/^Task (TASK-\d+) /m, text);
  },
  async claim(session, agent) {
    const ready = await session.call("task_list", { status: "To Do", ready: true, unassigned: true, limit: 1 });
    const id = /\b(TASK-\d+) /.exec(ready.text)?.[1];
    if (id === undefined) return "nothing";
    const edit = { id, status: "In Progress", assignee: [agent] };
    return await attempt(session.call("task_edit", edit)) === undefined ? "refused" : { id };
  },
  async complete(session, _agent, id) {
    await session.call("task_edit", { id, status: "Done", finalSummary: RESULT });
    return undefined;
  },
  async list(session) {
    return (await session.call("task_list")).text;
  },
};

function script({ installed }: Place): string {
  return `${installed}/node_modules/backlog.md/cli.js`;
}
