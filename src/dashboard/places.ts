/** Places of the page as addresses: `#/board?group=api`. */

export interface Place {
  /** The name of the view: `plan`. */
  readonly view: string;
  /** What the view shows, by the names of its parameters. */
  readonly params: Readonly<Record<string, string>>;
}

export const DEFAULT_VIEW = "plan";

export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { view: path || DEFAULT_VIEW, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place, for links. */
export function formatPlace({ view, params }: Place): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}
