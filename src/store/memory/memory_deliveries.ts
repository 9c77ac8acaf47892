/** The deliveries of a journal in memory: all of its engines are in this process. */

import type { Deliveries, Lead } from "../../app/ports.ts";

export class MemoryDeliveries implements Deliveries {
  readonly #texts = new Map<string, string>();
  readonly #leads = new Set<string>();

  lead(name: string): Promise<Lead | undefined> {
    if (this.#leads.has(name)) return Promise.resolve(undefined);
    this.#leads.add(name);
    let isOver = false;
    return Promise.resolve({
      lost: new AbortController().signal,
      [Symbol.asyncDispose]: () => {
        if (!isOver) this.#leads.delete(name);
        isOver = true;
        return Promise.resolve();
      },
    });
  }

  load(name: string): Promise<string | undefined> {
    return Promise.resolve(this.#texts.get(name));
  }

  save(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#texts.delete(name);
    return Promise.resolve();
  }

  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.#texts.keys()]);
  }
}
