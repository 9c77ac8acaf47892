/** This project's server, started as README.md says. */

import { programArgs } from "../../../support/server.ts";
import { DESCRIPTION, type Peer, RESULT } from "../peer.ts";

export const ours: Peer = {
  name: "ours",
  notes: [
    "Each answer to a change comes after `fdatasync`. `claim` is `get_next_task`. Lists come in pages of at most 200 " +
    "tasks; “first answer” is one page, “all tasks” is page after page. A page says everything twice, as text and as " +
    "structured content, for clients that read either: that is what listing all of 1,000 takes longer for than a list " +
    "that is sent once, without limit.",
  ],
  launch: ({ directory }) => ({ command: Deno.execPath(), args: programArgs(directory) }),
  async create(session, name) {
    await session.call("create_task", { id: name, description: DESCRIPTION });
    return name;
  },
  async createMany(session, names) {
    await session.call("create_tasks", { tasks: names.map((id) => ({ id, description: DESCRIPTION })) });
  },
  async claim(session, agent) {
    const { structured } = await session.call("get_next_task", { instance_id: agent });
    const id = structured?.["id"];
    return typeof id === "string" ? { id } : "nothing";
  },
  async complete(session, agent, id) {
    await session.call("complete_task", { task_id: id, instance_id: agent, result: RESULT });
    return undefined;
  },
  async list(session) {
    return (await session.call("get_task_status")).text;
  },
  async listAll(session) {
    const pages: string[] = [];
    let cursor: unknown;
    do {
      const { text, structured } = await session.call("get_task_status", cursor === undefined ? {} : { cursor });
      pages.push(text);
      cursor = structured?.["next_cursor"];
    } while (cursor !== undefined);
    return pages.join("\n");
  },
};
