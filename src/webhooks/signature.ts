/** Signs messages as Standard Webhooks 1.0 says: https://www.standardwebhooks.com. */

/** Begins every secret. */
export const SECRET_PREFIX = "whsec_";

/** Bytes of a new secret; the specification allows 24 to 64. */
const SECRET_BYTES = 32;

/** A message to be signed. */
export interface Message {
  /** Unique, and the same each time the message is sent. Without full stops, which separate the signed parts. */
  readonly id: string;
  /** When it is sent, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Makes a secret. */
export function newSecret(): string {
  return SECRET_PREFIX + crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64();
}

/** The headers of a message, with a signature by each secret. */
export async function signedHeaders(
  { id, at, body }: Message,
  secrets: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(at / 1_000));
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  const signatures = await Promise.all(secrets.map((secret) => signatureOf(signed, secret)));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

async function signatureOf(signed: Uint8Array<ArrayBuffer>, secret: string): Promise<string> {
  const bytes = Uint8Array.fromBase64(secret.slice(SECRET_PREFIX.length));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)).toBase64()}`;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
