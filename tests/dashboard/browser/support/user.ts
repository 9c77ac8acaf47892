/** Somebody with a browser of their own: a page with an empty profile, and everything that went wrong in it. */

import { assertEquals } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "./chromium.ts";
import type { Place } from "./place.ts";

/** The longest wait for what must come, in milliseconds: other tests may keep the machine busy. */
const MOST_MS = 60_000;

export const WIDE = { width: 1_400, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface UserOptions {
  /** The secret of the token to be signed in with. Default: the admin's. `null`: not signed in. */
  readonly token?: string | null;
  /** The key of an address that signs in once, to begin with. */
  readonly key?: string;
  /** The view to begin with, and its parameters: `table?q=a`. Default: `table`. */
  readonly at?: string;
  readonly viewport?: typeof WIDE;
  readonly colours?: "light" | "dark";
  /** Called before anything is loaded, to listen to the page. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** Messages in the console that the test itself causes, like those of refused requests. */
  readonly expected?: readonly RegExp[];
}

export class User {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #place: Place;
  readonly #faults: string[] = [];
  readonly #requests: string[] = [];

  constructor(place: Place, context: BrowserContext, page: Page, expected: readonly RegExp[]) {
    this.#place = place;
    this.context = context;
    this.page = page;
    const fault = (text: string) => {
      if (!expected.some((each) => each.test(text))) this.#faults.push(text);
    };
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") fault(message.text());
    });
    context.on("weberror", (error) => fault(String(error.error())));
    context.on("dialog", (dialog) => {
      fault(`A dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("request", (request) => {
      const url = new URL(request.url());
      this.#requests.push(`${request.method()} ${url.pathname}${url.search}`);
      if (url.protocol !== "data:" && url.protocol !== "blob:" && url.host !== place.service.host) {
        fault(`A request to another host: ${url.href}`);
      }
    });
  }

  /** The requests so far whose method and path begin with a text. */
  requests(prefix: string): readonly string[] {
    return this.#requests.filter((each) => each.startsWith(prefix));
  }

  /** Another tab of the same browser. */
  async newTab(at: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(addressOf(this.#place, at));
    return page;
  }

  /** Goes to a view, as a link would. */
  async goTo(at: string): Promise<void> {
    await this.page.evaluate((hash) => location.hash = hash, `#/${at}`);
  }

  /** Throws if a script failed, the policy was violated, a dialog opened, or another host was asked for anything. */
  assertNoFaults(): void {
    assertEquals(this.#faults, []);
  }
}

/** Opens the page in a browser of its own. */
export async function openUser(place: Place, options: UserOptions = {}): Promise<User> {
  const { token = place.admin ?? null, key, at = "table", viewport = WIDE, colours = "light" } = options;
  const browser = await chromium();
  const context = await browser.newContext({
    viewport,
    colorScheme: colours,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  context.setDefaultTimeout(MOST_MS);
  if (token !== null) {
    const { port } = place.service.url("/");
    const url = place.service.url("/").href;
    await context.addCookies([{ name: `orchestrator_${port}`, value: token, url, httpOnly: true, sameSite: "Strict" }]);
  }
  const page = await context.newPage();
  const user = new User(place, context, page, options.expected ?? []);
  await options.prepare?.(page);
  await page.goto(key === undefined ? addressOf(place, at) : place.service.url(`/#key=${key}`).href);
  return user;
}

function addressOf(place: Place, at: string): string {
  return `${place.service.url("/").href}#/${at}`;
}
