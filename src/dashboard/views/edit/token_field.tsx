/** A field for several texts: each is added with Enter or by leaving the field, and can be edited or removed again. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface TokenFieldProps {
  /** Of the input, for its label. */
  readonly id: string;
  readonly tokens: readonly string[];
  readonly onChange: (tokens: readonly string[]) => void;
  /** What is shown of a token. Default: its text. */
  readonly show?: (token: string) => ComponentChildren;
  /** Completions of what is typed. */
  readonly suggest?: (typed: string) => readonly string[];
  readonly isInvalid: boolean;
  readonly describedBy: string | undefined;
  readonly disabled: boolean;
}

export function TokenField(props: TokenFieldProps) {
  const { id, tokens, onChange, show = (token) => token, suggest, disabled } = props;
  const typed = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const add = (text = typed.value) => {
    const token = text.trim();
    typed.value = "";
    if (token !== "" && !tokens.includes(token)) onChange([...tokens, token]);
  };
  const edit = (token: string) => {
    onChange(tokens.filter((each) => each !== token));
    typed.value = token;
    input.current?.focus();
  };
  const suggestions = typed.value.trim() === "" ? [] : suggest?.(typed.value.trim()) ?? [];
  return (
    <div class="tokens">
      {tokens.map((token) => (
        <span key={token} class="token">
          <button
            type="button"
            class="link"
            disabled={disabled}
            aria-label={`Edit ${token}`}
            onClick={() => edit(token)}
          >
            {show(token)}
          </button>
          <button
            type="button"
            class="link remove"
            disabled={disabled}
            aria-label={`Remove ${token}`}
            onClick={() => onChange(tokens.filter((each) => each !== token))}
          >
            ×
          </button>
        </span>
      ))}
      <input
        ref={input}
        id={id}
        aria-invalid={props.isInvalid}
        aria-describedby={props.describedBy}
        disabled={disabled}
        list={suggest === undefined ? undefined : listId}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          // A completion that was chosen is whole.
          if (event.inputType === "insertReplacementText" || event.inputType === undefined) add();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && typed.value.trim() !== "") {
            event.preventDefault();
            add();
          } else if (event.key === "Backspace" && typed.value === "" && tokens.length > 0) {
            event.preventDefault();
            edit(tokens.at(-1) ?? "");
          }
        }}
        onBlur={() => add()}
      />
      {suggest !== undefined && (
        <datalist id={listId}>{suggestions.map((each) => <option key={each} value={each} />)}</datalist>
      )}
    </div>
  );
}
