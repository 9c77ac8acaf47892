/**
 * SHA-256, from `node:crypto`: the one synchronous implementation in reach that runs at native speed. The module
 * is loaded at the first use, because an empty store has nothing to hash before it can answer.
 */

import process from "node:process";

/** Length of a hash in hexadecimal digits. */
export const HASH_LENGTH = 64;

/** SHA-256 of the parts, one after the other, as hexadecimal digits. */
export function sha256(parts: Iterable<string | Uint8Array>): string {
  const hash = sha256Stream();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A SHA-256 under way. */
export interface HashStream {
  update(part: string | Uint8Array): void;
  digest(): string;
}

/** Starts a SHA-256. Strings count as UTF-8. */
export function sha256Stream(): HashStream {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  return { update: (part) => void hash.update(part), digest: () => hash.digest("hex") };
}
