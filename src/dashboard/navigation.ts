/**
 * Where the user is: the view, and what it shows, in the address after `#`. So a reload, a bookmark and the back button
 * keep view, selection, filter, zoom and moment.
 */

import { computed, signal } from "@preact/signals";
import { formatPlace, parsePlace, type Place } from "./places.ts";

export const place = signal<Place>(parsePlace(""));

/** The task that is shown beside the view; "" for none. */
export const selectedTask = computed(() => place.value.params["task"] ?? "");

/** The moment of history that is shown, as the API takes it; undefined: now. */
export const moment = computed(() => place.value.params["at"]);

/** Follows the address, until the page ends. */
export function startNavigation(): void {
  const read = () => place.value = parsePlace(location.hash);
  addEventListener("hashchange", read);
  read();
}

/** The address of another view, with the moment, which holds for all views. */
export function viewAddress(view: string, params: Readonly<Record<string, string>> = {}): string {
  const { at } = place.value.params;
  return formatPlace({ view, params: { ...(at !== undefined && { at }), ...params } });
}

/** The address of this view with other parameters; undefined ones are removed. */
export function addressWith(changes: Readonly<Record<string, string | undefined>>): string {
  const merged = { ...place.value.params, ...changes };
  const params = Object.fromEntries(
    Object.entries(merged).flatMap(([name, value]) => {
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  return formatPlace({ view: place.value.view, params });
}

/** Goes to an address: as a step of its own for the back button, or in place of the present one. */
export function go(address: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (address === location.hash) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  place.value = parsePlace(address);
}

/** Changes parameters of the view. What changes often (zoom, a text that is typed) replaces the present step. */
export function setParams(
  changes: Readonly<Record<string, string | undefined>>,
  options: { readonly replace?: boolean } = {},
): void {
  go(addressWith(changes), options);
}

/** Shows a task beside the view; "" closes it. */
export function selectTask(id: string): void {
  setParams({ task: id });
}
