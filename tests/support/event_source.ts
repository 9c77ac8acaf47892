/** Reads server-sent events as the HTML standard has it ("9.2.6 Interpreting an event stream"). */

export interface SentEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export class EventReader implements AsyncDisposable {
  /** The text that came, comments and all. */
  text = "";
  /** What a client sends as Last-Event-ID when it connects again. */
  lastEventId = "";
  readonly #reader: ReadableStreamDefaultReader<string>;
  #unread = "";
  readonly #events: SentEvent[] = [];
  #ended = false;

  constructor(response: Response) {
    if (response.body === null) throw new Error("The response has no body");
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<SentEvent | undefined> {
    while (this.#events.length === 0 && !this.#ended) await this.#read();
    return this.#events.shift();
  }

  /** The next events. */
  async take(count: number): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) throw new Error(`The stream ended after ${events.length} of ${count} events`);
      events.push(event);
    }
    return events;
  }

  /** All events until the end of the stream. */
  async rest(): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  /** Reads until a text has come. */
  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      if (this.#ended) throw new Error(`The stream ended without ${text}`);
      await this.#read();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const { value = "", done } = await this.#reader.read();
    this.text += value;
    this.#ended = done;
    const blocks = (this.#unread + value).split("\n\n");
    this.#unread = blocks.pop() ?? "";
    for (const block of blocks) this.#interpret(block);
  }

  #interpret(block: string): void {
    let type = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (field === "id") this.lastEventId = value ?? "";
      else if (field === "event") type = value ?? "";
      else if (field === "data") data.push(value ?? "");
    }
    if (data.length > 0) this.#events.push({ type, data: data.join("\n"), lastEventId: this.lastEventId });
  }
}
