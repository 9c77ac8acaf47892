/** What agents do all day: create a task, claim one, complete it. Each step is a call that changes the journal. */

import type { Server } from "../support/server.ts";

/** Calls of one cycle. */
export const CYCLE_CALLS = 3;

/** The steps of a cycle, to be done in this order. */
export interface Cycle {
  create(): Promise<void>;
  claim(): Promise<void>;
  complete(): Promise<void>;
}

/** An agent with a name that no other has. */
export function agentOf(server: Server, name: string): Cycle {
  let created = 0;
  let held: unknown;
  const call = async (tool: string, args: Readonly<Record<string, unknown>>) => {
    const { isError, content, structuredContent } = await server.call(tool, args);
    if (isError === true) throw new Error(`${tool} was refused: ${JSON.stringify(content)}`);
    return structuredContent;
  };
  return {
    async create() {
      await call("create_task", { id: `${name}-${++created}`, description: "Something to be done by an agent" });
    },
    async claim() {
      held = (await call("get_next_task", { instance_id: name }))?.["id"];
    },
    async complete() {
      await call("complete_task", { task_id: held, instance_id: name, result: "Done, as it was asked for" });
    },
  };
}

/** All steps of a cycle. */
export async function cycle(agent: Cycle): Promise<void> {
  await agent.create();
  await agent.claim();
  await agent.complete();
}

/** Does the next step of a cycle each time, and begins anew after the last. */
export function stepByStep<T>(agent: Readonly<Record<keyof Cycle, () => T>>): () => T {
  let turn = 0;
  return () => {
    switch (turn++ % CYCLE_CALLS) {
      case 0:
        return agent.create();
      case 1:
        return agent.claim();
      default:
        return agent.complete();
    }
  };
}
