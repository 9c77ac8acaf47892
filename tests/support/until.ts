/** Waiting for something that happens soon, without knowing when: looks again and again, up to a bound. */

/** How often, and at most how many times, a test looks. */
const LOOK_MS = 5;
const MAX_LOOKS = 4_000;

/** Resolves once `condition` holds; fails naming `what` if it never does. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`Waited in vain for ${what}`);
}
