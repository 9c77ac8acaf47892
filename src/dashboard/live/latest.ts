/** Asks at most one question at a time. Of those that come meanwhile only the latest is asked, as the user has gone on. */

export interface LatestOptions<A> {
  readonly ask: (question: string) => Promise<A>;
  /** Called with each answer, that of a question which is no longer the latest included: it is newer than what is shown. */
  readonly onAnswer: (question: string, answer: A) => void;
  readonly onError: (question: string, error: unknown) => void;
}

export class Latest<A> {
  readonly #options: LatestOptions<A>;
  #wanted: string | undefined;
  #isAsking = false;

  constructor(options: LatestOptions<A>) {
    this.#options = options;
  }

  /** Whether an answer is awaited. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  want(question: string): void {
    this.#wanted = question;
    if (!this.#isAsking) void this.#askAll();
  }

  /** Asks nothing more; an answer under way is still told. */
  forget(): void {
    this.#wanted = undefined;
  }

  async #askAll(): Promise<void> {
    const { ask, onAnswer, onError } = this.#options;
    this.#isAsking = true;
    while (this.#wanted !== undefined) {
      const question: string = this.#wanted;
      this.#wanted = undefined;
      const tell = await ask(question).then(
        (answer) => () => onAnswer(question, answer),
        (error) => () => onError(question, error),
      );
      this.#isAsking = this.#wanted !== undefined;
      tell();
      if (!this.#isAsking) return;
    }
  }
}
