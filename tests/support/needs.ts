/** Tests that need what not every machine has: where it is missing they are reported as ignored, and the reason is printed. */

/** Registers a test, ignored where `missing` says what the machine lacks for it. */
export function testUnless(missing: string | undefined, name: string, fn: () => void | Promise<void>): void {
  if (missing !== undefined) console.log(`Ignored: ${name}: ${missing}`);
  Deno.test({ name, ignore: missing !== undefined, fn });
}

/** What is missing where the system is Windows, which has nothing of that kind. */
export function missingOnWindows(what: string): string | undefined {
  return Deno.build.os === "windows" ? `Windows has no ${what}` : undefined;
}

/** What is missing where a command cannot be run, or fails. */
export async function missingCommand(command: string, args: readonly string[], why = ""): Promise<string | undefined> {
  try {
    const { success } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? undefined : `${command} ${args.join(" ")} fails${why}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${command} is not installed${why}`;
    throw error;
  }
}
