/**
 * Marks bodies that are made no faster than they are read, like a replay of the whole journal: the server reads them no
 * faster than the client takes them. Other bodies are read at once, as their makers wait for nobody.
 */

const PACED = new WeakSet<ReadableStream<Uint8Array>>();

export function paced(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  PACED.add(body);
  return body;
}

export function isPaced(body: ReadableStream<Uint8Array>): boolean {
  return PACED.has(body);
}
