/** Keeps the focus on a card when live data moves the card to another column, where it is another element. */

import { useMemo } from "preact/hooks";

export interface HeldFocus {
  /** The next card to be drawn as the active one takes the focus. */
  readonly claim: () => void;
  readonly onFocusIn: (event: FocusEvent) => void;
  readonly onFocusOut: (event: FocusEvent) => void;
  /** Called with the link of the active card after it was drawn. */
  readonly settle: (link: HTMLElement | null) => void;
}

export function useHeldFocus(): HeldFocus {
  return useMemo(() => {
    let isClaimed = false;
    let isHeld = false;
    return {
      claim: () => void (isClaimed = true),
      onFocusIn: ({ target }) => void (isHeld = target instanceof Element && target.closest(".card") !== null),
      // Without a next element, the card may just have been removed.
      onFocusOut: ({ relatedTarget }) => {
        if (relatedTarget !== null) isHeld = false;
      },
      settle: (link) => {
        if (link === null || !(isClaimed || (isHeld && document.activeElement === document.body))) return;
        isClaimed = false;
        link.focus({ preventScroll: true });
      },
    };
  }, []);
}
