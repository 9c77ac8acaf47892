/** What tests look for on the page. Each waits until it is there. */

import type { Locator, Page } from "playwright-core";

/** Resolves when a text is shown. */
export async function seesText(where: Page | Locator, text: string | RegExp): Promise<void> {
  await where.getByText(text).first().waitFor();
}

/** Resolves when nothing of the kind is shown any more. */
export async function isGone(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: "hidden" });
}

/** Presses a button and confirms what it asks. */
export async function pressAndConfirm(where: Locator, name: string): Promise<void> {
  await where.getByRole("button", { name, exact: true }).click();
  await where.page().getByRole("dialog", { name: "Are you sure?" }).getByRole("button", { name, exact: true }).click();
}

/** The task beside the view. */
export function panelOf(page: Page, id: string): Locator {
  return page.getByRole("complementary", { name: `Task ${id}`, exact: true });
}

/** The row of a task in the table. */
export function rowOf(page: Page, id: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("checkbox", { name: `Select ${id}`, exact: true }) });
}
