/** Temporary directories on the real disk. */

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes a directory that is removed at the end of the block that declares it with `await using`. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await makeTemporaryDirectory("orchestrator-test-");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/**
 * Makes a directory that the caller removes. Returns its real path, because permissions are for real paths: the system's
 * temporary directory may be behind a symbolic link (`/tmp` on macOS).
 */
export async function makeTemporaryDirectory(prefix: string): Promise<string> {
  return await Deno.realPath(await Deno.makeTempDir({ prefix }));
}
