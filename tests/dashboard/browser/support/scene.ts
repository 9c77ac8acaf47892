/** Registers tests of the dashboard: each has browsers of its own, in which nothing may go wrong. */

import { testUnless } from "../../../support/needs.ts";
import { missingChromium } from "./chromium.ts";
import { type Place, type PlaceOptions, sharedPlace, startPlace } from "./place.ts";
import { openUser, type User, type UserOptions } from "./user.ts";

/** How much of a page a failed test prints, in characters. */
const MOST_SHOWN = 5_000;

export interface Scene {
  /** The service that tests share. They tell their tasks, groups and tokens apart by name. */
  readonly shared: () => Promise<Place>;
  /** Starts a service for this test alone; it ends after the browsers. */
  readonly start: (options?: PlaceOptions) => Promise<Place>;
  /** Opens the page in another browser. */
  readonly open: (place: Place, options?: UserOptions) => Promise<User>;
}

export function browserTest(name: string, run: (scene: Scene) => Promise<void>): void {
  testUnless(missingChromium, name)(async () => {
    const users: User[] = [];
    await using places = new AsyncDisposableStack();
    try {
      await run({
        shared: sharedPlace,
        start: async (options) => places.use(await startPlace(options)),
        async open(place, options) {
          const user = await openUser(place, options);
          users.push(user);
          return user;
        },
      });
      for (const user of users) user.assertNoFaults();
    } catch (cause) {
      const pages = users.flatMap(({ context }) => context.pages());
      const shown = await Promise.all(pages.map(async (page) => `${page.url()}\n${await page.ariaSnapshot()}`));
      const texts = shown.map((text) => text.slice(0, MOST_SHOWN));
      throw new Error(`${cause}\n\nThe pages show:\n${texts.join("\n\n")}`, { cause });
    } finally {
      for (const { context } of users) await context.close();
    }
  });
}
