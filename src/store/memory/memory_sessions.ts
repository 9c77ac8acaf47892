/** The sessions of a journal in memory: all of its engines are in this process. */

import type { Sessions } from "../../app/ports.ts";

export class MemorySessions implements Sessions {
  readonly #live = new Set<string>();

  open(id: string): Promise<AsyncDisposable> {
    this.#live.add(id);
    return Promise.resolve({
      [Symbol.asyncDispose]: () => {
        this.#live.delete(id);
        return Promise.resolve();
      },
    });
  }

  dead(ids: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(ids.filter((id) => !this.#live.has(id)));
  }
}
