/** Search in all texts of tasks, which only the server has: the ids that it finds, page by page. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, get } from "../../api/client.ts";
import { moment } from "../../navigation.ts";

/** How long the text must rest before the server searches, in milliseconds. */
const PAUSE_MS = 300;

/** The longest text that the server searches for, in characters. */
const MAX_CHARACTERS = 200;

/** Tasks of a page: the most that the server gives. */
const PAGE = 1_000;

/** Most pages of one search: a page reads up to about 4 million characters. */
const MAX_PAGES = 200;

export interface TextSearch {
  /** The same set as long as nothing more was found. */
  readonly found: ReadonlySet<string>;
  readonly isSearching: boolean;
  readonly error: string | undefined;
}

interface FoundPage {
  readonly tasks: readonly { readonly id: string }[];
  readonly next_cursor?: string;
}

const NOTHING: TextSearch = { found: new Set(), isSearching: false, error: undefined };

export function useTextSearch(text: string): TextSearch {
  const search = useSignal(NOTHING);
  const at = moment.value;
  useEffect(() => {
    search.value = NOTHING;
    if (text === "") return;
    if (text.length > MAX_CHARACTERS) {
      const error = `Only ids and titles are searched: the text is longer than ${MAX_CHARACTERS} characters`;
      search.value = { ...NOTHING, error };
      return;
    }
    const ended = new AbortController();
    const timer = setTimeout(() => {
      void searchAll(text, { at, signal: ended.signal, tell: (state) => search.value = state });
    }, PAUSE_MS);
    search.value = { ...NOTHING, isSearching: true };
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [text, at]);
  return search.value;
}

interface SearchOptions {
  readonly at: string | undefined;
  readonly signal: AbortSignal;
  readonly tell: (search: TextSearch) => void;
}

async function searchAll(text: string, { at, signal, tell }: SearchOptions): Promise<void> {
  let found: ReadonlySet<string> = new Set();
  let cursor: string | undefined;
  try {
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { text, fields: "id", limit: PAGE, cursor };
      const { tasks, next_cursor } = await get<FoundPage>("/tasks", { query, signal, at });
      if (signal.aborted) return;
      if (tasks.length > 0) found = new Set([...found, ...tasks.map(({ id }) => id)]);
      cursor = next_cursor;
      tell({ found, isSearching: cursor !== undefined, error: undefined });
      if (cursor === undefined) return;
    }
    tell({ found, isSearching: false, error: "Not all texts were searched: narrow the text" });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    tell({ found, isSearching: false, error: error.message });
  }
}
