/**
 * The key by which a service and a command on the same data directory know each other. Each run of a service has a new one,
 * which is kept in the data directory only. Whoever can read that may act for the operator anyway. Before a command sends
 * anything, it has the service answer a challenge, which takes the key.
 */

const KEY_BYTES = 32;

const CHALLENGE = /^[0-9a-f]{64}$/;

/** Makes a key. */
export function newLocalKey(): string {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES)).toHex();
}

/** Makes a challenge, which is never used again. */
export function newChallenge(): string {
  return newLocalKey();
}

/** Whether a text has the form of a challenge. */
export function isChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}

/** The answer to a challenge, which only those can give who have the key: an HMAC (RFC 2104) with SHA-256. */
export async function answerTo(challenge: string, key: string): Promise<string> {
  return (await signed(`service ${challenge}`, key)).toHex();
}

/** Whether two keys are the same. Takes as long wherever they differ. */
export async function isSameKey(given: string, key: string): Promise<boolean> {
  const [one, other] = await Promise.all([signed(given, key), signed(key, key)]);
  return one.every((byte, index) => byte === other[index]);
}

async function signed(text: string, key: string): Promise<Uint8Array> {
  const bytes = (value: string) => new TextEncoder().encode(value);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", bytes(key), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(algorithm, imported, bytes(text)));
}
