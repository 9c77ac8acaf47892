/** Shows what a client may do whose server was started with `--as`. */

import { assertEquals } from "@std/assert";
import { ROLES } from "../../src/core/model/access.ts";
import { VERBS } from "../support/rights.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** A call of each kind, with its arguments. */
const CALLS = {
  see: ["get_task_status", {}],
  work: ["get_next_task", { instance_id: "x" }],
  plan: ["create_group", { group_id: "g" }],
} as const;

for (const role of ROLES) {
  const may: readonly string[] = VERBS[role].filter((verb) => verb in CALLS);
  Deno.test(`a client of a server that was started --as ${role} may ${may.join(", ")}`, async () => {
    await using directory = await temporaryDirectory();
    await using server = await startServer(directory.path, { args: ["--as", role] });
    for (const [verb, [tool, args]] of Object.entries(CALLS)) {
      const { isError, structuredContent } = await server.call(tool, args);
      const code = (structuredContent?.["error"] as { code?: string } | undefined)?.code;
      assertEquals([isError === true, code], may.includes(verb) ? [false, undefined] : [true, "forbidden"], tool);
    }
    const { resources } = await server.client.listResources();
    assertEquals(resources.length > 0, true);
  });
}
