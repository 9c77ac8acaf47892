/** What is compared. */

export type System = "ours" | "bare" | Peer;

export type Peer = "graphile-worker" | "pg-boss";

/** The packages of the peers. */
export const PACKAGES: Readonly<Record<Peer, string>> = {
  "graphile-worker": "graphile-worker@0.18.0",
  "pg-boss": "pg-boss@12.38.0",
};

export function isPeer(system: System): system is Peer {
  return system in PACKAGES;
}
