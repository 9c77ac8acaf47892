/**
 * Serializes the answers of one connection in order, and pauses while the client does not read. This bounds memory: an
 * answer in the queue only refers to the state, a serialized one has copies of all its texts.
 */

/** With this many serialized characters not yet sent, further answers wait. */
const MAX_UNSENT_CHARACTERS = 1024 * 1024;

export class AnswerQueue {
  readonly #hasRoom: () => boolean;
  readonly #waiting: (() => void)[] = [];
  #unsentCharacters = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param hasRoom whether the client has read enough of the earlier answers */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Serializes an answer with `render`, in the order of the calls. Rejects if `render` throws. */
  async write<T>(render: () => T, charactersOf: (answer: T) => number): Promise<T> {
    if (this.#waiting.length > 0 || !this.#hasRoomForMore()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      this.resume();
      await promise;
    }
    try {
      const answer = render();
      this.#unsentCharacters += charactersOf(answer);
      return answer;
    } finally {
      this.resume();
    }
  }

  /** Serializes the next answer, if there is room. Called when the client has read more. */
  resume(): void {
    if (this.#waiting.length === 0) return;
    if (this.#hasRoomForMore()) this.#waiting.shift()?.();
    // A serialized answer is sent within the same turn of the event loop, or never, if its call was cancelled.
    else this.#timer ??= setTimeout(() => this.#onNextTurn(), 0);
  }

  #onNextTurn(): void {
    this.#timer = undefined;
    this.#unsentCharacters = 0;
    if (this.#hasRoomForMore()) this.resume();
  }

  #hasRoomForMore(): boolean {
    return this.#unsentCharacters < MAX_UNSENT_CHARACTERS && this.#hasRoom();
  }
}
