/**
 * Runs while the script of the page is still on its way: asks who is signed in and for the plan, and has a worker lay that
 * out. So the first graph waits for one answer of the server, and neither for the other nor for the page.
 */

import { API, request } from "./api/request.ts";
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
  for (const path of ["/plan", "/session"]) early.answers.set(API + path, request(API + path));
  if (view === DEFAULT_VIEW) prepareLayout(foldingOf(params));
}

function prepareLayout(folding: Folding): void {
  const worker = early.layoutWorker = early.createLayoutWorker();
  early.answers.get(`${API}/plan`)?.then(({ response, text }) => {
    if (response.ok) worker.postMessage({ type: "prepare", rows: text, folding } satisfies Preparation);
  }, () => {
    // The one who takes the answer learns why there is none.
  });
}
