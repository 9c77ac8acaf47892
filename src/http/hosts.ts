/**
 * Refuses requests that a web page of another site may have caused. Such a page can send requests to a server on this
 * machine, and with DNS rebinding read the answers: then `Host` is the page's own name, not one of this server.
 */

/** The names under which a server on a loopback address is reached. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Whether only programs on this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}

/** The hosts by which clients may call a server. */
export interface Hosts {
  readonly names: readonly string[];
  /** Whether any IP address will do: no web page can bind one to another. */
  readonly hasAddresses: boolean;
}

/** The hosts by which clients may call a server that listens on an address, beside the given names. */
export function hostsOf(address: string, names: readonly string[]): Hosts {
  const own = isLoopback(address) && !address.includes(":") ? [address] : [];
  return { names: [...new Set([...LOOPBACK_NAMES, ...own, ...names])], hasAddresses: !isLoopback(address) };
}

/** Why a request is refused by its address, `Host` and `Origin`; undefined if it is not. */
export function refusedOrigin({ url, headers }: Pick<Request, "url" | "headers">, hosts: Hosts): string | undefined {
  const host = headers.get("host") ?? "";
  // A URL could hold more than a host and a port.
  const called = /^[\w.:[\]-]+$/.test(host) ? parse(`http://${host}`) : undefined;
  if (called === undefined || !isAllowed(called, hosts)) return foreign(`The header Host names`, host, hosts);
  // A whole address in place of a path has a host of its own.
  const target = new URL(url);
  if (!isAllowed(target, hosts)) return foreign("The address of the request names", target.host, hosts);
  const origin = headers.get("origin");
  // Programs other than browsers send none.
  if (origin === null || parse(origin)?.host === called.host) return undefined;
  return `Web pages of ${origin} may not use this server`;
}

function isAllowed({ hostname }: URL, { names, hasAddresses }: Hosts): boolean {
  return names.includes(hostname) || (hasAddresses && /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/.test(hostname));
}

function foreign(what: string, host: string, { names, hasAddresses }: Hosts): string {
  const known = names.join(", ") + (hasAddresses ? " or an IP address" : "");
  return `${what} another server (${host}): use ${known}; --allow-host allows another name`;
}

function parse(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}
