/** A text of a task. The API cuts long ones; this reads on where the user asks for it. */

import { useSignal } from "@preact/signals";
import { get, pathOf } from "../../api/client.ts";
import { moment } from "../../navigation.ts";
import { Refused, useAction } from "../../ui/action.tsx";
import { Markdown } from "../../ui/markdown.tsx";

export interface LongTextProps {
  readonly id: string;
  readonly part: "description" | "result" | "error";
  readonly text: string;
}

/** Characters of one answer that ends in a cut text. */
const CUT = 16_000;

/** Characters that one call reads. */
const PIECE = 50_000;

interface Piece {
  readonly text: string;
  readonly next_offset?: number;
}

export function LongText({ id, part, text }: LongTextProps) {
  const whole = useSignal<string | undefined>(undefined);
  const action = useAction();
  const read = async () => {
    let read = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const query = { part, offset, limit: PIECE };
      const piece: Piece = await get<Piece>(pathOf("tasks", id), { query, at: moment.peek() });
      read += piece.text;
      offset = piece.next_offset;
    }
    whole.value = read;
  };
  const shown = whole.value ?? text;
  return (
    <>
      {part === "error" ? <pre class="raw">{shown}</pre> : <Formatted text={shown} />}
      {whole.value === undefined && text.length >= CUT && (
        <button
          type="button"
          disabled={action.isPending}
          onClick={() => void action.run(read)}
        >
          Read the whole text
        </button>
      )}
      <Refused error={action.error} />
    </>
  );
}

/** JSON is laid out; anything else is Markdown. */
function Formatted({ text }: { readonly text: string }) {
  if (!/^\s*[[{]/.test(text)) return <Markdown text={text} />;
  try {
    return <pre class="raw">{JSON.stringify(JSON.parse(text), null, 2)}</pre>;
  } catch {
    return <Markdown text={text} />;
  }
}
