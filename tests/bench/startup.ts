/** How long a client waits for a server that it starts, and how much memory the server takes. */

import { programArgs } from "../support/server.ts";
import { filledStore } from "./filled_store.ts";
import { MANY_TASKS } from "./growth.ts";
import { BARE_SERVER_ARGS, median, medians, startOnce } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

const ROUNDS = { rounds: 11, warmUpRounds: 2 };

/** How often memory is measured, and how long after the start, in milliseconds. */
const MEMORY_ROUNDS = 3;
const MEMORY_AFTER_MS = 1_000;

export const startup: Benchmark = async (bench) => {
  const many = programArgs(await filledStore(bench, MANY_TASKS));
  let stores = 0;
  const start = (args: readonly string[]) => startOnce(args, ({ elapsedMs }) => elapsedMs);
  const measured = await medians({
    bare: () => start(BARE_SERVER_ARGS),
    empty: () => start(programArgs(`${bench.directory}/empty-${++stores}`)),
    many: () => start(many),
  }, ROUNDS);
  return [
    {
      name: "start, no tasks",
      value: measured.empty,
      floor: { value: measured.bare, what: "the SDK's server with an empty tool" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 1.25 },
    },
    {
      name: "start, 100,000 tasks",
      value: measured.many,
      floor: { value: measured.empty, what: "the same with no tasks" },
      unit: "ms",
      target: { of: "difference", is: "at most", bound: 600 },
    },
    ...await memoryRows(many),
  ];
};

/** The memory of a server that is idle after its start, beside that of the bare one. Only where there is `/proc`. */
async function memoryRows(args: readonly string[]): Promise<readonly Row[]> {
  if (Deno.build.os !== "linux") return [];
  const ours = await memoriesOf(args);
  const bare = await memoriesOf(BARE_SERVER_ARGS);
  return (["VmRSS", "VmHWM"] as const).map((field) => ({
    name: `memory, 100,000 tasks${field === "VmHWM" ? ", peak" : ""}`,
    value: ours[field],
    floor: { value: bare[field], what: "the SDK's server with an empty tool" },
    unit: "MB",
    target: { of: "value", is: "at most", bound: 250 },
  }));
}

interface Memory {
  /** Resident now, and at most so far, in megabytes. */
  readonly VmRSS: number;
  readonly VmHWM: number;
}

/** The medians of some starts. */
export async function memoriesOf(args: readonly string[]): Promise<Memory> {
  const memories: Memory[] = [];
  for (let round = 0; round < MEMORY_ROUNDS; round++) {
    memories.push(
      await startOnce(args, async ({ pid }) => {
        await new Promise((resolve) => setTimeout(resolve, MEMORY_AFTER_MS));
        return await memoryOf(pid);
      }),
    );
  }
  return { VmRSS: median(memories.map(({ VmRSS }) => VmRSS)), VmHWM: median(memories.map(({ VmHWM }) => VmHWM)) };
}

/** Through `cat`, as Deno lets only programs with all permissions read `/proc`. */
async function memoryOf(pid: number): Promise<Memory> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  const text = new TextDecoder().decode(stdout);
  const megabytes = (name: string) => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    if (kibibytes === undefined) throw new Error(`The status of process ${pid} has no ${name}`);
    return Number(kibibytes) * 1024 / 1_000_000;
  };
  return { VmRSS: megabytes("VmRSS"), VmHWM: megabytes("VmHWM") };
}
