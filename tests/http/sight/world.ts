/** A service in this process, on a clock that the test sets, with callers from whom some groups may be hidden. */

import { issueToken } from "../../../src/app/tokens.ts";
import type { Command } from "../../../src/core/messages/commands.ts";
import { localOperator, type Role } from "../../../src/core/model/access.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { MemoryJournal } from "../../../src/store/memory/memory_journal.ts";
import { startEmpty } from "../../support/secured.ts";
import type { Json } from "../../support/server.ts";

const OPERATOR = localOperator("operator");

export type Viewer = "planner" | "observer";

/** Their roles and audiences. */
const VIEWERS: Readonly<Record<Viewer, readonly [Role, readonly string[]]>> = {
  planner: ["planner", ["p"]],
  observer: ["observer", ["other", "p"]],
};

/** A request of one of the callers. */
export interface ViewerRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  let now = Date.UTC(2026, 0, 1);
  const service = await startEmpty(new NamedJournal(() => now));
  const { engine } = service;
  /** The step in which each record was written, by its `seq` - 1. */
  const steps: number[] = [];
  let step = 0;
  const bearers = new Map<Viewer, string>();
  for (const [name, [role, audiences]] of Object.entries(VIEWERS)) {
    const { secret } = await issueToken((command) => engine.execute(command, OPERATOR), { name, role, audiences });
    // The keys are those of `VIEWERS`.
    bearers.set(name as Viewer, `Bearer ${secret}`);
  }

  async function endStep(): Promise<void> {
    const last = await engine.catchUp();
    while (steps.length < last) steps.push(step);
    step++;
  }

  return {
    steps,
    log: service.log,
    endStep,
    /** Lets time pass, and the rules act on it. */
    async wait(forMs: number): Promise<void> {
      now += forMs;
      await engine.execute({ type: "sweep" }, OPERATOR);
      await endStep();
    },
    /** Carries a command of the operator out. Resolves to whether it was accepted. */
    async operate(command: Command): Promise<boolean> {
      try {
        await engine.execute(command, OPERATOR);
        return true;
      } catch (error) {
        if (error instanceof Refusal) return false;
        throw error;
      }
    },
    /** The tasks that instances hold. */
    async held(): Promise<readonly { readonly id: string; readonly instance: string }[]> {
      const query = { type: "list_tasks", filter: { status: ["in_progress"] }, limit: 99 } as const;
      const { tasks } = await engine.query(query, OPERATOR);
      return tasks.map(({ id, assignedTo = "" }) => ({ id, instance: assignedTo }));
    },
    /** Sends a request of a caller. */
    async send(viewer: Viewer, { method, path, body, headers }: ViewerRequest): Promise<Response> {
      const authorization = bearers.get(viewer);
      const content = { ...(body !== undefined && { body }), ...(headers !== undefined && { headers }) };
      return await service.request(method, path, { authorization, ...content });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await service[Symbol.asyncDispose]();
    },
  };
}

/** All bytes of a response. */
export async function bytesOf(response: Response): Promise<string> {
  const headers = Array.from(response.headers).sort().map(([name, value]) => `${name}: ${value}\n`);
  return `${response.status}\n${headers.join("")}\n${await response.text()}`;
}

/**
 * A text in which all that counts the records of others is that of the plan without the others: the `seq` of records, which
 * also the ids of events and the places between pages have. Docs say that these have gaps. Nothing else may differ.
 *
 * @param steps in which each record of the text's own plan was written
 * @param common the same of the plan without what is hidden
 */
export function numbered(text: string, steps: readonly number[], common: readonly number[]): string {
  const numberOf = (seq: string) => {
    const step = steps[Number(seq) - 1] ?? -1;
    return `#${common.findLast((each) => each <= step) ?? -1}`;
  };
  return text
    .replaceAll(
      /(\\?"(?:id(?=\\?":\\?"\d+\.)|seq|last_seq|next_since|next_until)\\?":\\?"?)(\d+)(?:\.\d+)?(?=[\\",}])/g,
      (_, key: string, seq: string) => key + numberOf(seq),
    )
    .replaceAll(/^id: (\d+)(?:\.\d+)?$/gm, (_, seq: string) => `id: ${numberOf(seq)}`);
}

/** A journal with an id that is always the same, as events have it. */
class NamedJournal extends MemoryJournal {
  override async identity() {
    const identity = await super.identity();
    return identity && { ...identity, id: "0".repeat(64) };
  }
}
