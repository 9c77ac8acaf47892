/** What `start.ts` has asked for and started before the script of the page has arrived; the first who needs it takes it. */

import type { Answer } from "./api/request.ts";

export interface Early {
  /** The only way to a worker for layouts: the policy allows one maker of its address. */
  readonly createLayoutWorker: () => Worker;
  /** Answers by their addresses. */
  readonly answers: Map<string, Promise<Answer>>;
  /** A worker that has the plan of the answers, or gets it when it comes. */
  layoutWorker: Worker | undefined;
}

declare global {
  interface Window {
    readonly early: Early;
  }
}

/** The answer that was asked for early, once; undefined if there is none, or nobody was signed in then. */
export async function takeAnswer(url: string): Promise<Answer | undefined> {
  const { answers } = globalThis.window.early;
  const asked = answers.get(url);
  answers.delete(url);
  const answer = await asked;
  return answer?.response.status === 401 ? undefined : answer;
}

/** A worker for layouts. */
export function takeLayoutWorker(): Worker {
  const { early } = globalThis.window;
  const worker = early.layoutWorker ?? early.createLayoutWorker();
  early.layoutWorker = undefined;
  return worker;
}
