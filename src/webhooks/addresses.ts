/**
 * Which network addresses webhooks may be sent to. An admin names a host, but the process may reach more than the admin
 * (server-side request forgery), so only public addresses are allowed unless the operator says otherwise.
 */

import ipaddr from "ipaddr.js";

/** Ranges that the operator can allow: this machine, and the networks that are not part of the internet. */
const PRIVATE_RANGES: readonly string[] = ["loopback", "private", "uniqueLocal"];

/** Addresses by which cloud machines ask for their own credentials, in ranges that are allowed otherwise. */
const METADATA = [
  "168.63.129.16/32", // Azure
  "fd00:ec2::/32", // AWS: all services of the machine
  "fd20:ce::254/128", // Google Cloud
  "fd00:c1::a9fe:a9fe/128", // Oracle Cloud
  "fd00:42::42/128", // Scaleway
].map((range) => ipaddr.parseCIDR(range));

/** The only addresses of IPv6 that are given to public hosts. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

export interface AddressRules {
  /** Whether loopback and private addresses are allowed. */
  readonly allowPrivate: boolean;
}

/** Why nothing may be sent to an address; undefined if it is allowed. */
export function whyForbidden(address: string, { allowPrivate }: AddressRules): string | undefined {
  // A zone is a part of link-local addresses only.
  if (!ipaddr.isValid(address) || address.includes("%")) return `${address} is no address that webhooks are sent to`;
  // An IPv4 address in IPv6 form counts as itself.
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (METADATA.some((each) => each[0].kind() === parsed.kind() && parsed.match(each))) {
    return `${address} is an address of cloud metadata`;
  }
  if (PRIVATE_RANGES.includes(range)) {
    return allowPrivate ? undefined : `${address} is ${range}, which only --allow-private-webhooks allows`;
  }
  const isPublic = range === "unicast" && (parsed instanceof ipaddr.IPv4 || parsed.match(PUBLIC_IPV6));
  return isPublic ? undefined : `${address} is not the address of a public host`;
}

/** Whether an address is allowed only where private ones are. */
export function isForPrivate(address: string): boolean {
  return whyForbidden(address, { allowPrivate: false }) !== undefined &&
    whyForbidden(address, { allowPrivate: true }) === undefined;
}

/** The address that a host name of a URL is; undefined if it is a name. */
export function literalAddress(hostname: string): string | undefined {
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  return ipaddr.isValid(address) ? address : undefined;
}
