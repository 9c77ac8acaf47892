/**
 * Asks the worker for layouts: one question at a time. While it works, only the newest further question waits, as older ones
 * are of plans that nobody looks at any more.
 */

import { takeLayoutWorker } from "../../early.ts";
import type { Layout, PlanGraph } from "../../plan/layout/graph.ts";
import type { LayoutAnswer, LayoutQuestion } from "../../plan/layout_messages.ts";

export interface Answered {
  readonly graph: PlanGraph;
  readonly layout: Layout;
}

export class LayoutClient {
  readonly #worker = takeLayoutWorker();
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
