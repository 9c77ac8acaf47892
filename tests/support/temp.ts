/** Directories on the real disk for the time of one test, or of one run of a program of the tests. */

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes a directory that is removed at the end of the block that declares it with `await using`. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await makeTemporaryDirectory("orchestrator-test-");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/**
 * Makes a directory that the caller removes. Its path is free of symbolic links, as permissions are for real paths:
 * the system's directory for temporary files may be behind one (`/tmp` on macOS).
 */
export async function makeTemporaryDirectory(prefix: string): Promise<string> {
  return await Deno.realPath(await Deno.makeTempDir({ prefix }));
}
