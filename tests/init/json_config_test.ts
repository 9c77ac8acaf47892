/** Changes of one entry in JSON with comments: what is inserted, and that everything else stays, byte for byte. */

import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFault } from "../../src/init/config_format.ts";
import { jsonConfig } from "../../src/init/json_config.ts";

const KEY = { container: "mcpServers", name: "orchestrator" };
const ENTRY = { command: "deno", args: ["run", "main.ts"] };

function set(text: string): string {
  return jsonConfig.set(text, KEY, ENTRY);
}

function remove(text: string): string {
  return jsonConfig.remove(text, KEY, { keepsContainer: true });
}

Deno.test("an empty text becomes an object with the entry", () => {
  const made = `{
  "mcpServers": {
    "orchestrator": {
      "command": "deno",
      "args": [
        "run",
        "main.ts"
      ]
    }
  }
}
`;
  assertEquals(set(""), made);
  assertEquals(set(" \n"), made);
  assertEquals(set("{}"), made.trimEnd());
});

Deno.test("an entry comes after the last one, with its tabs, and its comment stays with it", () => {
  const text = `{
	// servers
	"mcpServers": {
		"a": { "command": "x" } // about a
		/* the end */
	}, // after
	"z": 1
}
`;
  const after = set(text);
  assertEquals(
    after,
    `{
	// servers
	"mcpServers": {
		"a": { "command": "x" }, // about a
		"orchestrator": {
			"command": "deno",
			"args": [
				"run",
				"main.ts"
			]
		}
		/* the end */
	}, // after
	"z": 1
}
`,
  );
  assertEquals(remove(after), text);
});

Deno.test("a trailing comma stays a trailing comma", () => {
  const text = `{\n  "mcpServers": {\n    "a": {}, // one\n  },\n}\n`;
  const after = set(text);
  assertEquals(after.includes(`"a": {}, // one\n    "orchestrator": {\n`), true, after);
  assertEquals(after.includes(`\n    },\n  },\n}\n`), true, after);
  assertEquals(remove(after), text);
});

Deno.test("lines end as they did", () => {
  const text = `{\r\n    "mcpServers": {\r\n        "a": {}\r\n    }\r\n}\r\n`;
  const after = set(text);
  assertEquals(after.replaceAll("\r\n", "").includes("\n"), false);
  assertEquals(remove(after), text);
});

Deno.test("an object on one line stays on it, and comments of an empty one stay", () => {
  const text = `{"a": 1, "mcpServers": {"b": {}}}`;
  const after = set(text);
  assertEquals(after.startsWith(`{"a": 1, "mcpServers": {"b": {}, "orchestrator": {\n`), true, after);
  assertEquals(remove(after), text);
  const commented = `{\n  "mcpServers": {\n    // none yet\n  }\n}\n`;
  assertEquals(set(commented).includes(`// none yet\n    "orchestrator": {\n`), true, set(commented));
  assertEquals(remove(set(commented)), commented);
});

Deno.test("of an existing entry, only the given values change, where they stand", () => {
  const text = `{
  "mcpServers": {
    "orchestrator": {
      "disabled": false, // mine
      "args": ["old"],
      "env": { "A": "1", "B": "2" },
      "command": "node" /* where */
    },
    "b": {}
  }
}`;
  const after = jsonConfig.set(text, KEY, { ...ENTRY, env: { B: "3", C: "4" } });
  assertEquals(
    after,
    `{
  "mcpServers": {
    "orchestrator": {
      "disabled": false, // mine
      "args": ["run", "main.ts"],
      "env": { "A": "1", "B": "3", "C": "4" },
      "command": "deno" /* where */
    },
    "b": {}
  }
}`,
  );
  assertEquals(jsonConfig.set(after, KEY, { ...ENTRY, env: { B: "3", C: "4" } }), after);
});

Deno.test("an entry goes with its line and its comma, wherever it is", () => {
  const entry = `"orchestrator": {"command": "deno"}`;
  const cases: readonly (readonly [string, string])[] = [
    [`{"mcpServers": {${entry}}}`, `{"mcpServers": {}}`],
    [`{"mcpServers": {${entry}, "b": {}}}`, `{"mcpServers": {"b": {}}}`],
    [`{"mcpServers": {"a": {}, ${entry}}}`, `{"mcpServers": {"a": {}}}`],
    [`{"mcpServers": {"a": {}, ${entry}, "b": {}}}`, `{"mcpServers": {"a": {}, "b": {}}}`],
    [`{"mcpServers": {\n  "a": {}, // a\n  ${entry}\n}}`, `{"mcpServers": {\n  "a": {} // a\n}}`],
    [`{"mcpServers": {\n  ${entry}, // ours\n  "b": {} // b\n}}`, `{"mcpServers": {\n  "b": {} // b\n}}`],
    [`{"mcpServers": {\n  // before\n  ${entry}\n}}`, `{"mcpServers": {\n  // before\n}}`],
  ];
  for (const [text, rest] of cases) assertEquals(remove(text), rest, text);
});

Deno.test("an object of servers that init made goes with its last entry", () => {
  const text = `{\n  "a": 1\n}\n`;
  assertEquals(jsonConfig.remove(set(text), KEY, { keepsContainer: false }), text);
  const others = `{"mcpServers": {"a": {}}}`;
  assertEquals(jsonConfig.remove(set(others), KEY, { keepsContainer: false }), others);
});

Deno.test("names that mean something to JavaScript or to JSON are names like others", () => {
  const text = `{"mcpServers": {"__proto__": {"command": "p"}, "constructor": 1, "a\\"b, \\u007d": {}}}`;
  const after = set(text);
  assertEquals({ ...Object(jsonConfig.read(after, KEY)) }, ENTRY);
  assertEquals(remove(after), text);
  assertEquals(jsonConfig.read("{}", { container: "__proto__", name: "toString" }), undefined);
});

Deno.test("what cannot be read, or be changed alone, is told with its place", () => {
  const faults: readonly (readonly [string, number, RegExp])[] = [
    [`{"a": }`, 6, /no JSON/],
    [`{"a": 1`, 7, /no JSON \(close brace expected\)/],
    [`// only`, 0, /only comments/],
    [`[]`, 0, /is to be an object, but is of type array/],
    [`{"mcpServers": null}`, 15, /is to be an object, but is of type null/],
    [`{"mcpServers": {"orchestrator": "x"}}`, 32, /is to be an object, but is of type string/],
    [`{"mcpServers": {}, "mcpServers": {}}`, 19, /a second time/],
  ];
  for (const [text, offset, words] of faults) {
    const { message, offset: found } = assertThrows(() => set(text), ConfigFault);
    assertEquals([found, words.test(message)], [offset, true], `${text}: ${message} at ${found}`);
  }
});
