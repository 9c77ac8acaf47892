/** The one Chromium that all tests of the dashboard share. It is started for the first of them, and ends after the last. */

import type { Browser } from "playwright-core";

/** Where distributions install it. */
const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** It calls nobody by itself. Without a sandbox, as tests may run as root; it opens pages of this project only. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const path = PATHS.find((each) => exists(each));

/** A reason for `testUnless` where there is no Chromium. */
export const missingChromium = path === undefined ? `there is no Chromium: none of ${PATHS.join(", ")}` : undefined;

let started: Promise<Browser> | undefined;

/** Chromium, with a profile that is empty and removed at the end. After `closeChromium`, another one. */
export function chromium(): Promise<Browser> {
  return started ??= launch();
}

export async function closeChromium(): Promise<void> {
  const browser = await started;
  started = undefined;
  await browser?.close();
}

async function launch(): Promise<Browser> {
  if (path === undefined) throw new Error(missingChromium);
  // Without this variable, playwright-core looks at /proc when it is loaded, for which Deno asks for all permissions.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: path, args: FLAGS });
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
