/** The files of a directory, for tests that check that nothing changed. */

import { assert } from "@std/assert";

/** The content of every file, by its path. */
export async function filesOf(directory: string): Promise<Map<string, string>> {
  const files = await filesUnder(directory);
  assert(files.size > 0);
  return files;
}

async function filesUnder(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) { for (const [inner, text] of await filesUnder(path)) files.set(inner, text); }
    else files.set(path, await Deno.readTextFile(path));
  }
  return files;
}
