/** How much memory a server takes, with the processes that it has started. Only where there is `/proc`. */

/** Resident memory in megabytes; `undefined` where it cannot be told. */
export async function residentMemory(pid: number): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await procFile(`${pid}/status`))?.[1];
  if (kibibytes === undefined) return undefined;
  let megabytes = Number(kibibytes) * 1024 / 1_000_000;
  for (const child of (await procFile(`${pid}/task/${pid}/children`)).split(" ")) {
    if (/^\d+$/.test(child)) megabytes += await residentMemory(Number(child)) ?? 0;
  }
  return megabytes;
}

/** Through `cat`, as Deno lets only programs with all permissions read `/proc`. */
async function procFile(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${path}`], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
