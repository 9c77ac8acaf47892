/**
 * Asks the worker for layouts: one question at a time. While it works, only the newest further question waits, as older ones
 * are of plans that nobody looks at any more.
 */

import type { Layout, PlanGraph } from "../../plan/layout/graph.ts";
import type { LayoutAnswer, LayoutQuestion, Preparation } from "../../plan/layout_messages.ts";
import type { Folding } from "../../plan/plan_graph.ts";

export interface Answered {
  readonly graph: PlanGraph;
  readonly layout: Layout;
}

/** A worker that was started before it was needed. */
let prepared: Worker | undefined;

/** Starts the worker of the next client, and has it lay out the plan that comes as the text of an answer. */
export function prepareLayout(rows: Promise<string | undefined>, folding: Folding): void {
  const worker = prepared ??= new Worker(workerAddress());
  void rows.then((text) => {
    if (text !== undefined) worker.postMessage({ type: "prepare", rows: text, folding } satisfies Preparation);
  });
}

function takePrepared(): Worker | undefined {
  const worker = prepared;
  prepared = undefined;
  return worker;
}

export class LayoutClient {
  readonly #worker = takePrepared() ?? new Worker(workerAddress());
  readonly #onLayout: (answered: Answered) => void;
  readonly #onFailure: (message: string) => void;
  #asked: LayoutQuestion | undefined;
  #next: LayoutQuestion | undefined;
  #lastId = 0;

  constructor({ onLayout, onFailure }: {
    readonly onLayout: (answered: Answered) => void;
    readonly onFailure: (message: string) => void;
  }) {
    this.#onLayout = onLayout;
    this.#onFailure = onFailure;
    this.#worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => this.#receive(data);
    this.#worker.onerror = ({ message }) => this.#onFailure(message || "The layout could not be loaded");
  }

  /** Asks for a layout. @param fresh do not stay near the last one */
  ask(graph: PlanGraph, { fresh = false }: { readonly fresh?: boolean } = {}): void {
    const question: LayoutQuestion = { type: "layOut", id: ++this.#lastId, graph, fresh };
    if (this.#asked === undefined) this.#send(question);
    else this.#next = question;
  }

  close(): void {
    this.#worker.terminate();
  }

  #send(question: LayoutQuestion): void {
    this.#asked = question;
    this.#worker.postMessage(question);
  }

  #receive(answer: LayoutAnswer): void {
    const asked = this.#asked;
    if (asked === undefined || answer.id !== asked.id) return;
    this.#asked = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.#send(next);
    if (answer.type === "layout") this.#onLayout({ graph: asked.graph, layout: answer.layout });
    else this.#onFailure(answer.message);
  }
}

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

let policy: ScriptPolicy | undefined;

function workerAddress(): string {
  const rules = { createScriptURL: () => new URL("layout_worker.js", document.baseURI).href };
  policy ??= globalThis.window.trustedTypes?.createPolicy("dash", rules) ?? rules;
  return policy.createScriptURL("layout_worker.js");
}
