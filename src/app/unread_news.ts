/** News in claims that nobody read, as the client had given them up: the next answer to the same caller tells them. */

import type { News } from "../core/model/news.ts";
import { mergeNews } from "../core/views/news.ts";

export class UnreadNews {
  readonly #most: number;
  /** By caller and instance, those that were kept last at the end. */
  readonly #news = new Map<string, News>();

  /** @param most for how many keys news are kept; over that, those of the oldest key are dropped */
  constructor(most: number) {
    this.#most = most;
  }

  keep(key: string, news: News): void {
    const before = this.#news.get(key) ?? {};
    this.#news.delete(key);
    this.#news.set(key, mergeNews(before, news));
    for (const oldest of this.#news.keys()) {
      if (this.#news.size <= this.#most) break;
      this.#news.delete(oldest);
    }
  }

  /** The answer, with the news that were kept for its reader: those are told then. */
  addTo<A extends object>(answer: A, key: string): A {
    const unread = this.#news.get(key);
    if (unread === undefined) return answer;
    this.#news.delete(key);
    return { ...answer, ...mergeNews(unread, answer) };
  }
}
