/** A directory on the real disk for the time of one test. */

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes a directory that is removed at the end of the block that declares it with `await using`. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await Deno.makeTempDir({ prefix: "orchestrator-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
