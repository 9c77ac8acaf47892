/** Whatever a file of a client looks like, `init` changes nothing else in it, and `init --remove` restores it byte for byte. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { findPart, takePart } from "../../src/init/part.ts";
import { initHome } from "../support/init.ts";

const JSON_PART = { type: "entry", format: "json", container: "mcpServers", name: "orchestrator" } as const;
const TOML_PART = { ...JSON_PART, format: "toml", container: "mcp_servers" } as const;

const name = fc.oneof(
  fc.constantFrom(
    "a",
    "__proto__",
    "constructor",
    "a.b",
    "[x]",
    'q"uote',
    "back\\slash",
    "#",
    "//",
    "\u{1f600}",
    "é",
    "",
  ),
  fc.string({ maxLength: 5 }),
).filter((text) => text !== "orchestrator");

/** How a JSON text is laid out. */
const layout = fc.record({
  eol: fc.constantFrom("\n", "\r\n"),
  unit: fc.constantFrom("\t", "  ", "    "),
  comments: fc.boolean(),
  trailing: fc.boolean(),
  isOneLine: fc.boolean(),
  mark: fc.constantFrom("", "\uFEFF"),
  end: fc.constantFrom("", "\n", "\r\n\r\n"),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

const servers = fc.uniqueArray(name, { maxLength: 4 });

function jsonText(others: readonly string[], named: readonly string[] | undefined, style: Layout): string {
  const members = (names: readonly string[], depth: number, value: (name: string) => string): string => {
    if (names.length === 0) return "{}";
    const gap = style.isOneLine ? " " : style.eol + style.unit.repeat(depth);
    const comment = style.comments && !style.isOneLine ? ' // {"x": 1,' : "";
    const lines = names.map((each, at) => {
      const comma = at < names.length - 1 || style.trailing ? "," : "";
      return `${gap}${JSON.stringify(each)}: ${value(each)}${comma}${comment}`;
    });
    return `{${lines.join("")}${style.isOneLine ? "" : style.eol + style.unit.repeat(depth - 1)}}`;
  };
  const top = [...others.filter((each) => each !== "mcpServers"), ...(named === undefined ? [] : ["mcpServers"])];
  const server = () => members(["command", "args"], 3, (key) => key === "args" ? `["x", "y"]` : `"z"`);
  return style.mark + members(top, 1, (each) => each === "mcpServers" ? members(named ?? [], 2, server) : "[1, null]") +
    style.end;
}

Deno.test("JSON is restored byte for byte, and read the same in between", async () => {
  await using home = await initHome();
  const file = `${home.home}/.cursor/mcp.json`;
  await fc.assert(
    fc.asyncProperty(servers, fc.option(servers, { nil: undefined }), layout, async (others, named, style) => {
      const text = jsonText(others, named, style);
      await home.write(file, text);
      home.run();
      const written = await Deno.readTextFile(file);
      assertEquals(findPart(written, JSON_PART), "ours");
      home.run();
      assertEquals(await Deno.readTextFile(file), written);
      // Without what is remembered, too, but for lines that were no lines before.
      if (!style.isOneLine && named !== undefined && named.length > 0) {
        assertEquals(takePart(written, JSON_PART, text), text);
      }
      home.run({ remove: true });
      assertEquals(await Deno.readTextFile(file), text);
    }),
    { numRuns: 30 },
  );
});

/** Statements of TOML, each whole, with lines that look like tables. */
const statements = fc.array(
  fc.oneof(
    fc.constantFrom("# [mcp_servers.orchestrator]", "", "  # comment"),
    name.map((each) => `[t.${JSON.stringify(each)}]`),
    name.map((each) => `[mcp_servers.${JSON.stringify(each)}]\ncommand = "x" # [y]\nargs = [\n  "]",\n[ "[z]" ],\n]`),
    name.map((each) => `[[list.${JSON.stringify(each)}]]\ntext = """\n[mcp_servers.orchestrator]\n"""`),
  ),
  { maxLength: 6 },
).map((lines) => [...new Set(lines)]);

Deno.test("TOML is restored byte for byte, and read the same in between", async () => {
  await using home = await initHome();
  const file = `${home.home}/.codex/config.toml`;
  await fc.assert(
    fc.asyncProperty(statements, layout, async (lines, { eol, mark, end }) => {
      const text = mark + lines.join("\n").replaceAll("\n", eol) + (lines.length > 0 ? eol : "") + end;
      await home.write(file, text);
      home.run();
      const written = await Deno.readTextFile(file);
      assertEquals(findPart(written, TOML_PART), "ours");
      assertEquals(written.startsWith(text), true);
      home.run();
      assertEquals(await Deno.readTextFile(file), written);
      home.run({ remove: true });
      assertEquals(await Deno.readTextFile(file), text);
    }),
    { numRuns: 30 },
  );
});

Deno.test("instructions are restored byte for byte", async () => {
  await using home = await initHome();
  const file = `${home.project}/AGENTS.md`;
  await home.write(`${home.home}/.codex/config.toml`, "");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("# A", "", "text", "<!-- x -->", "```")),
      layout,
      async (lines, style) => {
        const text = style.mark + lines.join(style.eol) + style.end;
        await home.write(file, text);
        home.run({ instructions: true });
        const written = await Deno.readTextFile(file);
        assertEquals(written.startsWith(text), true);
        home.run({ remove: true });
        assertEquals(await Deno.readTextFile(file), text);
      },
    ),
    { numRuns: 15 },
  );
});
