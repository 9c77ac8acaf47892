/** Polls a condition, up to a bound. */

/** Pause between polls, in milliseconds, and the most polls: a minute of them, as on a busy machine all may take long. */
const POLL_MS = 5;
const MAX_POLLS = 12_000;

/** Resolves once `condition` holds; throws, naming `what`, if it never does. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let polls = 0; polls < MAX_POLLS; polls++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Waited in vain for ${what}`);
}
