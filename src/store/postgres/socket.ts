/** The socket below a connection to a server, and how TLS is used on it. */

import { connect as connectSocket, isIP, type Socket } from "node:net";

/** Longest wait for a connection, in milliseconds. */
export const CONNECT_MS = 10_000;

/**
 * What the socket takes before it counts as full, in bytes: more than a batch of records has. The driver sends nothing
 * after a statement that fills it until that is answered, and the commit of a batch would cost a round trip under the lock.
 */
const SEND_BYTES = 4 * 1024 * 1024;

/** A server that accepts connections: over TCP, or by the path of its socket. */
export type Host =
  | { readonly type: "tcp"; readonly host: string; readonly port: number }
  | { readonly type: "unix"; readonly path: string };

/** How TLS is used: certificates in PEM that are trusted, and the name that the server's must have. */
export interface Tls {
  readonly ca?: string;
  /** Absent: any certificate is taken, as `sslmode=require` says. */
  readonly serverName?: string;
}

export function connectTo(host: Host): Socket {
  // The types of these options lack those of a stream.
  const stream = { highWaterMark: SEND_BYTES };
  if (host.type === "unix") return connectSocket(Object.assign(stream, { path: host.path }));
  return connectSocket(Object.assign(stream, { host: host.host, port: host.port }));
}

export function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve();
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

export function tlsOptions({ ca, serverName }: Tls) {
  if (serverName === undefined) return { rejectUnauthorized: false };
  // TLS sends names of hosts only; the certificate is checked against either.
  const servername = isIP(serverName) === 0 ? serverName : undefined;
  return { servername, host: serverName, rejectUnauthorized: true, ...(ca !== undefined && { ca: [ca] }) };
}
