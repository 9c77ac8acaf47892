/**
 * Runs while the script of the page is still on its way: asks who is signed in and for the plan, and has a worker lay that
 * out. So the first graph waits for one answer of the server, and neither for the other nor for the page.
 */

import { type Answer, API, request } from "./api/request.ts";
import type { Early } from "./early.ts";
import type { Preparation } from "./plan/layout_messages.ts";
import { type Folding, foldingOf } from "./plan/plan_graph.ts";
import { keyIn } from "./key_in_address.ts";
import { DEFAULT_VIEW, parsePlace } from "./places.ts";

/** The policy of Trusted Types by which scripts are loaded: only this one, of the page's own server. */
interface ScriptPolicy {
  createScriptURL(url: string): string;
}

declare global {
  interface Window {
    /** Absent in browsers without Trusted Types. */
    readonly trustedTypes?: {
      createPolicy(name: string, rules: { readonly createScriptURL: (url: string) => string }): ScriptPolicy;
    };
  }
}

/** How long the page is held up at most, in milliseconds: a large plan takes longer. */
const MAX_HELD_MS = 150;

const rules = { createScriptURL: () => new URL("layout_worker.js", document.baseURI).href };
const policy = globalThis.window.trustedTypes?.createPolicy("dash", rules) ?? rules;

const early: Early = {
  createLayoutWorker: () => new Worker(policy.createScriptURL("layout_worker.js")),
  answers: new Map(),
  layoutWorker: undefined,
};
Object.assign(globalThis.window, { early });

// Who comes with a key signs in first.
if (keyIn(location.hash) === undefined) {
  const { view, params } = parsePlace(location.hash);
  const [plan, session] = [request(`${API}/plan`), request(`${API}/session`)];
  early.answers.set(`${API}/plan`, plan);
  early.answers.set(
    `${API}/session`,
    view === DEFAULT_VIEW ? afterHandingOver(prepareLayout(plan, foldingOf(params)), session) : session,
  );
}

/** Resolves when the worker has the plan, or there is none for it. */
async function prepareLayout(plan: Promise<Answer>, folding: Folding): Promise<void> {
  const worker = early.layoutWorker = early.createLayoutWorker();
  try {
    const { response, text } = await plan;
    if (response.ok) worker.postMessage({ type: "prepare", rows: text, folding } satisfies Preparation);
  } catch {
    // The one who takes the answer learns why there is none.
  }
}

/** The page draws itself when it knows who is signed in. A plan that arrives meanwhile would have to wait for that. */
async function afterHandingOver(handedOver: Promise<void>, session: Promise<Answer>): Promise<Answer> {
  const held = new Promise((resolve) => setTimeout(resolve, MAX_HELD_MS));
  const [answer] = await Promise.all([session, Promise.race([handedOver, held])]);
  return answer;
}
