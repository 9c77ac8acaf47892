/** Makes the npm package in a directory, as `deno task package` does. */

import { assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };

/** The command of the package, installed in a directory by npm or by hand. */
export interface Installed {
  /** The launcher, for Node to run. */
  readonly launcher: string;
}

/** Makes the package in a directory, which may be missing. */
export async function makePackage(directory: string): Promise<Installed> {
  const command = denoJson.tasks.package.command.replaceAll("dist/npm", `"${directory}"`);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--eval", command],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return { launcher: `${directory}/launcher.mjs` };
}
