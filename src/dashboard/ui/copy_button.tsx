/** Copies a text. Where the browser does not allow that, the text is there to be selected. */

import { useSignal } from "@preact/signals";
import { announce } from "./announcer.tsx";

export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const outcome = useSignal<string | undefined>(undefined);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      outcome.value = "Copied";
    } catch {
      outcome.value = "Select and copy it by hand: the browser does not allow it here";
    }
    announce(outcome.value);
  };
  return <button type="button" onClick={() => void copy()}>{outcome.value ?? label}</button>;
}
