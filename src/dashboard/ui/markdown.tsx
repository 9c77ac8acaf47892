/**
 * Markdown that agents wrote, as elements: HTML in it is shown as text, images and foreign frames are links, and only links to
 * http, https and mailto are active. The lexer only reads; nothing is ever parsed as HTML.
 */

import { signal } from "@preact/signals";
import type { Token, Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";

/** Longer texts are shown as they are: they are logs, and their structure costs more than it helps. */
const MAX_CHARACTERS = 100_000;

/** Deeper nesting is shown as text. */
const MAX_DEPTH = 12;

export function Markdown({ text }: { readonly text: string }) {
  useEffect(() => void loadReader(), []);
  if (text.length > MAX_CHARACTERS) return <pre class="raw">{text}</pre>;
  if (reader.value !== undefined) return <div class="markdown">{blocks(reader.value.lexer(text), 0)}</div>;
  return (
    <>
      <pre class="raw">{text}</pre>
      {hasFailed.value && <p class="quiet">Not formatted, as the server cannot be reached.</p>}
    </>
  );
}

type Reader = typeof import("./markdown_reader.ts");

/** Undefined until it is loaded: until then, texts are shown as they are. */
const reader = signal<Reader | undefined>(undefined);
const hasFailed = signal(false);

/** Loads the reader once; after a failure again, with the next text. */
async function loadReader(): Promise<void> {
  if (reader.value !== undefined) return;
  try {
    reader.value = await import(new URL("markdown_reader.js", document.baseURI).href) as Reader;
  } catch {
    hasFailed.value = true;
  }
}

function blocks(tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token, index) => <Block key={index} token={token as Known} depth={depth} />);
}

/** The tokens of marked itself, without those of extensions. */
type Known =
  | Tokens.Space
  | Tokens.Heading
  | Tokens.Paragraph
  | Tokens.Code
  | Tokens.Blockquote
  | Tokens.List
  | Tokens.Table
  | Tokens.Hr
  | Tokens.HTML
  | Tokens.Def
  | Tokens.Text
  | Tokens.Escape
  | Tokens.Link
  | Tokens.Image
  | Tokens.Strong
  | Tokens.Em
  | Tokens.Codespan
  | Tokens.Br
  | Tokens.Del
  | Tokens.Checkbox
  | Tokens.Tag;

function Block({ token, depth }: { readonly token: Known; readonly depth: number }): VNode | null {
  if (depth > MAX_DEPTH) return <span>{token.raw}</span>;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const Heading = `h${Math.min(6, token.depth + 2)}` as "h3" | "h4" | "h5" | "h6";
      return <Heading>{blocks(token.tokens, depth + 1)}</Heading>;
    }
    case "paragraph":
      return <p>{blocks(token.tokens, depth + 1)}</p>;
    case "code":
      return <pre><code>{token.text}</code></pre>;
    case "blockquote":
      return <blockquote>{blocks(token.tokens, depth + 1)}</blockquote>;
    case "list": {
      const items = token.items.map((item, index) => <li key={index}>{blocks(item.tokens, depth + 1)}</li>);
      return token.ordered ? <ol start={token.start === "" ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return <Table token={token} depth={depth} />;
    case "hr":
      return <hr />;
    case "strong":
      return <strong>{blocks(token.tokens, depth + 1)}</strong>;
    case "em":
      return <em>{blocks(token.tokens, depth + 1)}</em>;
    case "del":
      return <del>{blocks(token.tokens, depth + 1)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? "done" : "open"} />;
    case "link":
      return <SafeLink href={token.href}>{blocks(token.tokens, depth + 1)}</SafeLink>;
    case "image":
      return <SafeLink href={token.href}>{`image: ${token.text || token.href}`}</SafeLink>;
    case "text":
      return "tokens" in token && token.tokens !== undefined
        ? <>{blocks(token.tokens, depth + 1)}</>
        : <>{token.text}</>;
    case "escape":
      return <>{token.text}</>;
    default:
      // HTML, as text.
      return <>{token.raw}</>;
  }
}

function Table({ token, depth }: { readonly token: Tokens.Table; readonly depth: number }) {
  return (
    <div class="scrolled">
      <table>
        <thead>
          <tr>{token.header.map((cell, index) => <th key={index}>{blocks(cell.tokens, depth + 1)}</th>)}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>{row.map((cell, column) => <td key={column}>{blocks(cell.tokens, depth + 1)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A link that opens elsewhere; the text alone if it leads to a script or a file. */
export function SafeLink({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  const url = URL.parse(href);
  if (url === null || !/^(https?|mailto):$/.test(url.protocol)) return <span title={href}>{children}</span>;
  return <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={url.href}>{children}</a>;
}
