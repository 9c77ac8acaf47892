/** Notes that are typed and not sent, by the ids of tasks: to look at another task loses nothing. */

/** Most drafts that are kept; beyond, the one that was typed into longest ago is dropped. */
export const MAX_DRAFTS = 100;

const drafts = new Map<string, string>();

export function draftOf(id: string): string {
  return drafts.get(id) ?? "";
}

/** Keeps what is typed; an empty text is no draft. */
export function keepDraft(id: string, text: string): void {
  drafts.delete(id);
  if (text === "") return;
  drafts.set(id, text);
  for (const oldest of drafts.keys()) {
    if (drafts.size <= MAX_DRAFTS) break;
    drafts.delete(oldest);
  }
}

/** Drops all drafts: the next user of the page must not see them. */
export function dropDrafts(): void {
  drafts.clear();
}
