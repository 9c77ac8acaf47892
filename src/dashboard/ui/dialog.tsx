/** Modal dialogs: the browser keeps the focus inside, and Escape asks to close them. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const isEnding = useRef(false);
  // At once, so that the next key is typed into the dialog.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      isEnding.current = true;
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "wide" : ""}
      aria-label={title}
      onKeyDown={(event) => {
        // Escape during input by an IME ends only that.
        if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
      onClose={() => {
        if (isEnding.current) return;
        // By the browser itself, as with the back button of a phone: what is typed must not vanish unasked.
        element.current?.showModal();
        onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>×</button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

export interface ConfirmProps {
  readonly question: string;
  readonly label: ComponentChildren;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before something is destroyed or stopped. */
export function Confirm({ question, label, onConfirm, onCancel }: ConfirmProps) {
  return (
    <Dialog title="Are you sure?" onClose={onCancel}>
      <p>{question}</p>
      <p class="buttons">
        <button type="button" onClick={onCancel}>Keep it as it is</button>
        <button type="button" class="danger" onClick={onConfirm}>{label}</button>
      </p>
    </Dialog>
  );
}
