/** Tests with needs that not every machine meets. They are ignored there, and the reason is printed. */

/**
 * Returns what registers a test: `testUnless(missing, "name")(() => …)`. It is ignored if `missing` says what the machine
 * lacks. A bound function leaves no trace in the stack, so that Deno names the caller's line if the test fails, not ours.
 */
export function testUnless(missing: string | undefined, name: string): (fn: () => void | Promise<void>) => void {
  if (missing !== undefined) console.log(`Ignored: ${name}: ${missing}`);
  const register: (options: Omit<Deno.TestDefinition, "fn">, fn: () => void | Promise<void>) => void = Deno.test;
  return register.bind(undefined, { name, ignore: missing !== undefined });
}

/** A reason for `testUnless` on Windows, which lacks `what`; undefined on other systems. */
export function missingOnWindows(what: string): string | undefined {
  return Deno.build.os === "windows" ? `Windows has no ${what}` : undefined;
}

/** A reason for `testUnless` if a command is missing or fails; undefined if it succeeds. */
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
