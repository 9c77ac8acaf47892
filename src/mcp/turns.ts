/**
 * Lets the answers of one connection be written down only as far as the client reads them. An answer that waits for its
 * turn holds references to the state; one that is written down holds copies of all its texts.
 */

/** With this many characters written down and not sent yet, further answers wait. */
const MAX_WRITTEN_CHARACTERS = 1024 * 1024;

export class Turns {
  readonly #hasRoom: () => boolean;
  readonly #waiting: (() => void)[] = [];
  #written = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param hasRoom whether the client has read enough of what was sent before */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Writes an answer down in its turn, in the order of the calls. */
  async write<T>(render: () => T, charactersOf: (answer: T) => number): Promise<T> {
    if (this.#waiting.length > 0 || !this.#mayWrite()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      this.goOn();
      await promise;
    }
    try {
      const answer = render();
      this.#written += charactersOf(answer);
      return answer;
    } finally {
      this.goOn();
    }
  }

  /** Gives the next turn, if there is room. */
  goOn(): void {
    if (this.#waiting.length === 0) return;
    if (this.#mayWrite()) this.#waiting.shift()?.();
    // An answer is sent in the turn of the event loop in which it is written down, or never: its call was cancelled.
    else this.#timer ??= setTimeout(() => this.#onTurn(), 0);
  }

  #onTurn(): void {
    this.#timer = undefined;
    this.#written = 0;
    if (this.#mayWrite()) this.goOn();
  }

  #mayWrite(): boolean {
    return this.#written < MAX_WRITTEN_CHARACTERS && this.#hasRoom();
  }
}
