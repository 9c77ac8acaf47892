/**
 * Lets a plain `deno test -A` run every test.
 *
 * Deno downloads all that the lock file in use holds, and writes into it whatever a test imports. So the tests have a
 * configuration and a lock file of their own, in tests/, and deno.lock holds only what the program needs.
 */

import { fileURLToPath } from "node:url";

Deno.test("all tests pass: deno task test", async () => {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["task", "test"], cwd }).spawn().status;
  if (!success) throw new Error("Tests fail: see above");
});
