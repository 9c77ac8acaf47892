/** Whether a process has a thread that Deno calls a worker; undefined where the system does not tell. */
export async function hasWorker(pid: number): Promise<boolean | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  // Not read here, as Deno permits to read /proc only to programs that may do everything.
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `cat /proc/${pid}/task/*/comm`] }).output();
  return /^worker-/m.test(new TextDecoder().decode(stdout));
}
