/** Audiences: names for the callers that see a group. A caller sees what one of its audiences sees. */

/** The audiences that see something; all see it if undefined. */
export type Audience = readonly string[] | undefined;

/** Whether a caller of some audiences is among them. */
export function isSeenBy(audience: Audience, audiences: readonly string[]): boolean {
  return audience === undefined || audiences.some((each) => audience.includes(each));
}

/** Whether everybody in one audience is in the other. */
export function isWithin(audience: Audience, other: Audience): boolean {
  return other === undefined || (audience !== undefined && audience.every((each) => other.includes(each)));
}

/** An audience in words. */
export function describeAudience(audience: Audience): string {
  return audience?.join(", ") ?? "all";
}
