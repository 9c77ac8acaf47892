/**
 * The functions of `@std/fs` that this project uses, built on `Deno`, for machines that cannot reach JSR. Same names,
 * signatures and meaning. Without the `links` entry of tests/deno.json, the real package is used.
 */

/** Whether something exists at the path. */
export async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
