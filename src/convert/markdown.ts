/**
 * Converts checklists in Markdown. Each item with a box is a task; an item with items below it depends on these. A heading
 * becomes the group of the items under it. Ids are made of the texts, so that a repeated import finds them again.
 */

import { Lexer, marked, type MarkedToken, type Token, type Tokens } from "marked";
import { head } from "../core/model/text.ts";
import {
  type Converted,
  type ConvertedGroup,
  convertedPlan,
  type ConvertedTask,
  Losses,
  paragraphs,
} from "./converted.ts";

/**
 * What stands in the box of an item. GitHub has ` ` and `x`; GitLab also `~`, for what does not apply; Obsidian also `-`, for
 * cancelled, `/`, for in progress, and whatever its themes have. Letters and digits in brackets may be references.
 */
const BOX = /^\[([ xX~/<>!?-])\]\s+/;

/** Boxes of items that are not to be done any more. */
const CANCELLED_BOXES: readonly string[] = ["-", "~"];

/** Most characters of an id that is made of a text. */
const MAX_SLUG_CHARACTERS = 60;

/** Most characters of a text that a loss names. */
const MAX_SHOWN_CHARACTERS = 40;

/** Deepest nesting of lists. */
const MAX_DEPTH = 50;

/** @throws SyntaxError if there is no checklist in the text */
export function fromMarkdown(text: string): Converted {
  const reader = new Reader();
  reader.readAll(marked.lexer(text));
  if (reader.tasks.length === 0) {
    throw new SyntaxError("It has no checklist: a task is a list item with a box, like `- [ ] Do this`");
  }
  return convertedPlan(reader.groups, reader.tasks, reader.losses);
}

class Reader {
  readonly tasks: ConvertedTask[] = [];
  readonly groups: ConvertedGroup[] = [];
  readonly losses = new Losses();
  readonly #taskIds = new Slugs();
  readonly #groupIds = new Slugs();
  /** The last heading, and whether it has become a group. */
  #heading: { readonly title: string; id?: string } | undefined;

  readAll(tokens: readonly Token[]): void {
    for (const token of tokens) {
      if (token.type === "heading") this.#heading = { title: plain(token.text) };
      else if (token.type === "list") this.#readList(token, 1);
      else this.#noteText(token);
    }
  }

  /** Reads a list; returns the ids of its items with boxes that are still to be done, or are done. */
  #readList(list: Token, depth: number): readonly string[] {
    if (depth > MAX_DEPTH) throw new SyntaxError(`Its lists are nested more than ${MAX_DEPTH} deep: flatten them`);
    // The lexer's type of tokens has no kinds.
    return (list as Tokens.List).items.flatMap((item) => {
      if (boxOf(item) !== undefined) return this.#readItem(item, depth);
      const nested = item.tokens.filter(({ type }) => type === "list");
      for (const token of item.tokens) if (token.type !== "list") this.#noteText(token);
      return nested.flatMap((each) => this.#readList(each, depth + 1));
    });
  }

  /**
   * Reads an item with a box; the items below it come first, as it depends on them. Returns its id, unless it is cancelled:
   * what it is a part of goes on without it.
   */
  #readItem(item: Tokens.ListItem, depth: number): readonly string[] {
    const texts: string[] = [];
    const dependencies: string[] = [];
    for (const token of item.tokens as MarkedToken[]) {
      if (token.type === "checkbox") continue;
      if (token.type === "list" && hasBoxes(token)) {
        for (const id of this.#readList(token, depth + 1)) dependencies.push(id);
      } else texts.push(token.type === "text" ? token.text : token.raw);
    }
    const [first = "", ...more] = texts;
    // The lexer takes only the boxes of GitHub, and those not in a list with empty lines, out of the text.
    const whole = first.replace(BOX, "").trim();
    const title = unstruck(whole) ?? whole;
    const id = this.#taskIds.next(plain(title));
    const group = this.#group();
    const status = this.#statusOf(boxOf(item), { id, isStruck: title !== whole });
    this.tasks.push({
      id,
      description: paragraphs(title, more.map((text) => text.trim()).join("\n\n")),
      attempt: 0,
      status,
      dependencies,
      ...(group !== undefined && { group }),
    });
    return status === "cancelled" ? [] : [id];
  }

  #statusOf(box = " ", { id, isStruck }: { readonly id: string; readonly isStruck: boolean }): ConvertedTask["status"] {
    if (CANCELLED_BOXES.includes(box)) {
      this.losses.note(`The box [${box}], cancelled here`, id);
      return "cancelled";
    }
    if (box === "x") {
      if (isStruck) this.losses.note("Checked and struck out, completed here", id);
      return "completed";
    }
    if (isStruck) {
      this.losses.note("Struck out, cancelled here", id);
      return "cancelled";
    }
    if (box !== " ") this.losses.note(`The box [${box}], pending here`, id);
    return "pending";
  }

  /** The group of the last heading, which its first task makes. */
  #group(): string | undefined {
    const heading = this.#heading;
    if (heading === undefined) return undefined;
    if (heading.id === undefined) {
      heading.id = this.#groupIds.next(heading.title);
      this.groups.push({ id: heading.id, title: heading.title });
    }
    return heading.id;
  }

  #noteText({ type, raw }: Token): void {
    if (type === "space" || type === "hr" || raw.trim() === "") return;
    const [line = ""] = raw.trim().split("\n");
    this.losses.note("Text outside of checklists", `“${head(line, MAX_SHOWN_CHARACTERS).trim()}”`);
  }
}

/** Whether any item of a list, or of one in it, has a box. */
function hasBoxes(list: Tokens.List): boolean {
  return list.items.some((item) =>
    boxOf(item) !== undefined ||
    (item.tokens as MarkedToken[]).some((token) => token.type === "list" && hasBoxes(token))
  );
}

/** What stands in the box of an item, with a small `x`; undefined if it has none. */
function boxOf({ task, checked, text }: Tokens.ListItem): string | undefined {
  if (task) return checked === true ? "x" : " ";
  return BOX.exec(text)?.[1]?.toLowerCase();
}

/** The text of an item that begins with a struck text and a line's end after it, without the marks; else undefined. */
function unstruck(text: string): string | undefined {
  const [struck, next] = Lexer.lexInline(text) as MarkedToken[];
  if (struck?.type !== "del") return undefined;
  const isWhole = next === undefined || next.type === "br" || /^[.,;:!]? *(\n|$)/.test(next.raw);
  return isWhole ? struck.text + text.slice(struck.raw.length) : undefined;
}

/** The first line of a text without marks of emphasis, code and links. */
function plain(text: string): string {
  const [line = ""] = text.split("\n");
  return line.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[*_`~]/g, "").trim();
}

/** Makes ids of texts: letters and digits, with hyphens between words. The same text again gets a number. */
class Slugs {
  readonly #given = new Set<string>();

  next(text: string): string {
    const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
    const slug = head(words.join("-"), MAX_SLUG_CHARACTERS).replace(/-+$/, "") || "task";
    let id = slug;
    for (let number = 2; this.#given.has(id); number++) id = `${slug}-${number}`;
    this.#given.add(id);
    return id;
  }
}
