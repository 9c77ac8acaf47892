/**
 * SHA-256 from `node:crypto`, the only synchronous implementation at native speed without a package. Loaded at the first
 * use, because an empty store can answer before it needs a hash.
 */

import { lazy } from "../../core/model/lazy.ts";

/** Length of a hash in hexadecimal digits. */
export const HASH_LENGTH = 64;

/** SHA-256 of a text in UTF-8, as hexadecimal digits. */
export function sha256(text: string): string {
  return crypto().hash("sha256", text);
}

/** A SHA-256 under way. */
export interface HashStream {
  update(part: string | Uint8Array): void;
  digest(): string;
}

/** Starts a SHA-256. Strings are hashed as UTF-8. */
export function sha256Stream(): HashStream {
  const hash = crypto().createHash("sha256");
  return { update: (part) => void hash.update(part), digest: () => hash.digest("hex") };
}

// deno-lint-ignore no-process-global -- an import of node:process would load it at each start.
const crypto = lazy(() => process.getBuiltinModule("node:crypto"));
