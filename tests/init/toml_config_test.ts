/** Changes of one table in TOML: what is appended, and that everything else stays, byte for byte. */

import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFault } from "../../src/init/config_format.ts";
import { tomlConfig } from "../../src/init/toml_config.ts";

const KEY = { container: "mcp_servers", name: "orchestrator" };
const ENTRY = { command: "deno", args: ["run", "main.ts"] };
const TABLE = `[mcp_servers.orchestrator]\ncommand = "deno"\nargs = [ "run", "main.ts" ]\n`;

function set(text: string): string {
  return tomlConfig.set(text, KEY, ENTRY);
}

function remove(text: string): string {
  return tomlConfig.remove(text, KEY, { keepsContainer: true });
}

Deno.test("a table is appended after an empty line, and goes with it", () => {
  assertEquals(set(""), TABLE);
  const text = `# mine\nmodel = "o" # which\n\n[mcp_servers.a]\ncommand = "x"\n`;
  assertEquals(set(text), `${text}\n${TABLE}`);
  assertEquals(remove(set(text)), text);
  assertEquals(set("a = 1"), `a = 1\n\n${TABLE}`);
});

Deno.test("lines end as they did", () => {
  const text = `a = 1\r\n[b]\r\nc = 2\r\n`;
  assertEquals(set(text), text + `\n${TABLE}`.replaceAll("\n", "\r\n"));
  assertEquals(remove(set(text)), text);
});

Deno.test("of an existing table, only the given values change, and comments stay", () => {
  const text = `[mcp_servers."orchestrator"] # ours
# how it is started
  command = "node" # formerly
args = [
  "old", # "]
  "#",
]
enabled = false
env = { A = "1" }

# about the next one
[mcp_servers.orchestrator.tools.x]
approval_mode = "prompt"

[z]
`;
  const after = set(text);
  assertEquals(
    after,
    `[mcp_servers."orchestrator"] # ours
# how it is started
  command = "deno" # formerly
args = [ "run", "main.ts" ]
enabled = false
env = { A = "1" }

# about the next one
[mcp_servers.orchestrator.tools.x]
approval_mode = "prompt"

[z]
`,
  );
  assertEquals(set(after), after);
  assertEquals(remove(after), `\n# about the next one\n\n[z]\n`);
});

Deno.test("a value that a table lacks is appended to it, and variables become a table or stay in theirs", () => {
  const text = `[mcp_servers.orchestrator]\ncommand = "deno"\n\n[z]\n`;
  const env = { ...ENTRY, env: { B: "2" } };
  const after = tomlConfig.set(text, KEY, env);
  assertEquals(after, `${TABLE}\n[mcp_servers.orchestrator.env]\nB = "2"\n\n[z]\n`);
  assertEquals(
    tomlConfig.set(after.replace(`B = "2"`, `A = "1"`), KEY, env),
    after.replace(`B = "2"`, `A = "1"\nB = "2"`),
  );
});

Deno.test("texts and lists of several lines that look like tables are none", () => {
  const text = `a = """
[mcp_servers.orchestrator]
command = "no"
"""
b = [
  [ "mcp_servers" ],
[ "x" ] ]
c = '''
[mcp_servers.orchestrator]
'''
`;
  assertEquals(tomlConfig.read(text, KEY), undefined);
  assertEquals(set(text), `${text}\n${TABLE}`);
  assertEquals(remove(set(text)), text);
});

Deno.test("names with dots, quotes and brackets are names like others", () => {
  const text =
    `[mcp_servers."a.b"]\ncommand = "x"\n[mcp_servers."]\\n"]\ncommand = "y"\n[[mcp_servers.'__proto__'.list]]\nc = 1\n`;
  assertEquals(set(text), `${text}\n${TABLE}`);
  assertEquals(remove(set(text)), text);
});

Deno.test("what cannot be read, or be changed alone, is told with its place", () => {
  const faults: readonly (readonly [string, number, RegExp])[] = [
    [`a = 1\nb = = 2\n`, 10, /no TOML \(invalid value\)/],
    [`a = 1\na = 2\n`, 6, /no TOML/],
    [`mcp_servers = { a = { command = "x" } }\n`, 0, /TOML|alone/],
    [`[mcp_servers]\norchestrator = { command = "x" }\n`, 0, /alone/],
  ];
  for (const [text, offset, words] of faults) {
    const { message, offset: found } = assertThrows(() => set(text), ConfigFault);
    assertEquals(words.test(message), true, `${text}: ${message}`);
    if (/no TOML/.test(String(words))) assertEquals(found, offset, `${text}: ${message}`);
  }
  assertThrows(() => remove(`[mcp_servers]\norchestrator.command = "x"\n`), ConfigFault, "alone");
});
