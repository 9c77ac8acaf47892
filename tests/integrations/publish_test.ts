/** Shows that what is published elsewhere has one name and version, and only what users need. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as z from "zod";
import denoJson from "../../deno.json" with { type: "json" };
import manifest from "../../integrations/npm/manifest.json" with { type: "json" };
import pluginJson from "../../integrations/claude-code/.claude-plugin/plugin.json" with { type: "json" };
import serverJson from "../../server.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** What the MCP registry's schema of 2025-12-11 asks of the fields that server.json has, and that there are no others. */
const INPUT = {
  description: z.string().optional(),
  format: z.enum(["string", "number", "boolean", "filepath"]).optional(),
};
const VERSION = z.string().max(255).regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
const SERVER = z.strictObject({
  $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
  name: z.string().min(3).max(200).regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version: VERSION,
  packages: z.array(z.strictObject({
    registryType: z.literal("npm"),
    identifier: z.string(),
    version: VERSION,
    runtimeHint: z.literal("npx"),
    transport: z.strictObject({ type: z.literal("stdio") }),
    packageArguments: z.array(z.strictObject({ type: z.literal("named"), name: z.string(), ...INPUT })),
    environmentVariables: z.array(z.strictObject({ name: z.string(), isSecret: z.boolean().optional(), ...INPUT })),
  })),
});

Deno.test("server.json is what the MCP registry asks for, and names the npm package", () => {
  const { name, version, packages } = SERVER.parse(serverJson);
  assertEquals(name, manifest.mcpName);
  assertEquals(packages.map(({ identifier }) => identifier), [manifest.name]);
  assertEquals(new Set([version, ...packages.map((each) => each.version)]), new Set([denoJson.version]));
});

Deno.test("npm package, plugin and documents have the version of the program", async () => {
  assertEquals([manifest.version, pluginJson.version], [denoJson.version, denoJson.version]);
  for (const page of ["docs/install.md", "integrations/npm/README.md"]) {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    const versions = Array.from(text.matchAll(/@mcp-orchestrator\/server@(\S+?)[\s`"]/g), ([, version]) => version);
    assert(versions.length > 0, page);
    assertEquals(new Set(versions), new Set([denoJson.version]), page);
  }
});

Deno.test("deno publish takes the program, and nothing else", async () => {
  // Types are checked by deno task check.
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const log = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, log);
  assertStringIncludes(log, "Checking for slow types in the public API");
  const paths = Array.from(log.matchAll(/^ +(file:\S+) \(/gm), ([, url = ""]) => url.slice(ROOT.href.length));
  assertEquals(paths.filter((path) => !path.startsWith("src/")).sort(), [
    "LICENSE",
    "README.md",
    "deno.json",
    "main.ts",
  ]);
  const assets = paths.filter((path) => path.startsWith("src/dashboard/"));
  assert(assets.length > 0 && assets.every((path) => path.startsWith("src/dashboard/assets/")), assets.join(" "));
});
