/**
 * The functions of `@std/fs` that this project uses, on top of `Deno`, for places that cannot reach JSR.
 * Same names, signatures and meaning; without the `links` entry of deno.json the real package serves.
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
