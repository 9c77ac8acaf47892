/** Bounds of the HTTP server: on connections, requests, and the bytes that it holds for slow clients. */

/** Most open connections. Further ones are closed at once. */
export const MAX_CONNECTIONS = 4_096;

/** Most requests under way, event streams included. Further ones are refused with 503. */
export const MAX_REQUESTS = 4_096;

/** Most headers of a request: Deno's `Headers` takes time by the square of their number. */
export const MAX_HEADERS = 100;

/** Most bytes of a request's body. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Most bytes of the bodies of all requests under way. Further requests are refused with 503. */
export const MAX_RECEIVED_BYTES = 16 * MAX_BODY_BYTES;

/** Most bytes of one response that its client has not taken. With more, the client is disconnected. */
export const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** With more bytes of a paced response that its client has not taken, no more of it are made. */
export const MAX_PACED_BYTES = 256 * 1024;

/** Most bytes of all responses that clients have not taken. With more, the client with the most is disconnected. */
export const MAX_ALL_UNSENT_BYTES = 4 * MAX_UNSENT_BYTES;

/** Times in milliseconds. Tests shorten them. */
export interface Timeouts {
  /** For the headers of a request to arrive, counted from the connection or the last response. */
  readonly headersMs: number;
  /** For a whole request to arrive. */
  readonly requestMs: number;
  /** How long a connection stays open between two requests. */
  readonly idleMs: number;
  /** A client that takes no byte of a response for this long is disconnected. */
  readonly stallMs: number;
  /** How often connections are checked for these times. */
  readonly checkMs: number;
  /** At the end of the server: for the rest of requests to arrive of which a part has. */
  readonly arriveMs: number;
  /** At the end of the server: for the responses under way to be sent. */
  readonly drainMs: number;
}

export const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 60_000,
  idleMs: 75_000,
  stallMs: 30_000,
  checkMs: 1_000,
  arriveMs: 1_000,
  drainMs: 10_000,
};
