/**
 * The functions of `@std/fs` that this project uses, on top of `Deno`, for places that cannot reach JSR.
 * Same names, signatures and meaning; without the `links` entry of deno.json the real package serves.
 */

/** Makes sure that the directory exists, with its parents; fails if something else stands there. */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const info = await Deno.lstat(dir);
    if (!info.isDirectory) throw new Error(`Failed to ensure directory exists: expected 'dir', got 'file'`);
  }
}

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
