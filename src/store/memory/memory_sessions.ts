/** The sessions of a journal in memory: all of its engines are in this process. */

import type { OpenSession, Sessions } from "../../app/ports.ts";

export class MemorySessions implements Sessions {
  /** The handle of each live session: the one that was opened last. */
  readonly #live = new Map<string, OpenSession>();

  open(id: string): Promise<OpenSession> {
    const handle: OpenSession = {
      // Nobody else could read it.
      describe: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => {
        if (this.#live.get(id) === handle) this.#live.delete(id);
        return Promise.resolve();
      },
    };
    this.#live.set(id, handle);
    return Promise.resolve(handle);
  }

  dead(ids: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(ids.filter((id) => !this.#live.has(id)));
  }
}
