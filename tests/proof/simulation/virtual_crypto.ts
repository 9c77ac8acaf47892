/**
 * Randomness and signatures of a simulated process. Random bytes follow from the seed of its life; a signature is there at
 * once, while that of the runtime comes from another thread, at a moment that follows from nothing.
 */

import { createHmac } from "node:crypto";
import { type Random, randomOf } from "../history/random.ts";

export class VirtualCrypto {
  #random: Random = randomOf("");

  /** Puts this in the place of the global functions. */
  install(): void {
    Object.defineProperty(crypto, "getRandomValues", {
      value: (bytes: Uint8Array) => bytes.map((_, index) => bytes[index] = this.#random.between(0, 255)),
    });
    Object.defineProperty(crypto.subtle, "importKey", {
      value: (_format: string, key: Uint8Array) => Promise.resolve(key),
    });
    Object.defineProperty(crypto.subtle, "sign", {
      value: (_algorithm: string, key: Uint8Array, signed: Uint8Array) => {
        return Promise.resolve(Uint8Array.from(createHmac("sha256", key).update(signed).digest()).buffer);
      },
    });
  }

  /** Begins anew with a seed. */
  seed(text: string): void {
    this.#random = randomOf(text);
  }
}
