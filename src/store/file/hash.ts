/**
 * SHA-256 from `node:crypto`, the only synchronous implementation at native speed without a package. Loaded at the first
 * use, because an empty store can answer before it needs a hash.
 */

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

let loaded: ReturnType<typeof load> | undefined;

function crypto(): ReturnType<typeof load> {
  return loaded ??= load();
}

function load() {
  // deno-lint-ignore no-process-global -- an import of node:process would load it at each start.
  return process.getBuiltinModule("node:crypto");
}
