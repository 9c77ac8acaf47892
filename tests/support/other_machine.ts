/**
 * A network namespace that stands for another machine: it reaches this one by a cable of its own, which can be cut. Only
 * root can make one.
 */

import { missingCommand } from "./needs.ts";

/** Why there is no other machine; undefined if there is one. */
export async function missingOtherMachine(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can make a network namespace";
  const missing = await missingCommand("ip", ["-V"]);
  if (missing !== undefined) return missing;
  try {
    await using _machine = await startOtherMachine();
    return undefined;
  } catch (error) {
    return `a network namespace cannot be made here: ${error}`;
  }
}

export interface OtherMachine extends AsyncDisposable {
  /** The address of this machine, as the other one sees it. */
  readonly here: string;
  /** The command that runs another one on it. */
  readonly within: readonly string[];
  /** Cuts the cable, and joins it again. */
  cut(): Promise<void>;
  join(): Promise<void>;
}

export async function startOtherMachine(): Promise<OtherMachine> {
  const name = `orch${crypto.randomUUID().slice(0, 8)}`;
  const [near, far] = [`${name}a`, `${name}b`];
  const within = ["ip", "netns", "exec", name];
  await using stack = new AsyncDisposableStack();
  await ip("netns", "add", name);
  stack.defer(() => ip("netns", "delete", name));
  // Of a network for tests of networks (RFC 2544), so that nobody else has them.
  const [third = 0, fourth = 0] = crypto.getRandomValues(new Uint8Array(2));
  const [here, there] = [1, 2].map((end) => `198.18.${third}.${(fourth & ~3) + end}`);
  await ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
  // At once: that of a namespace goes some time after it.
  stack.defer(() => ip("link", "delete", near));
  await ip("address", "add", `${here}/30`, "dev", near);
  await ip("link", "set", near, "up");
  await ip("-n", name, "address", "add", `${there}/30`, "dev", far);
  await ip("-n", name, "link", "set", far, "up");
  await ip("-n", name, "link", "set", "lo", "up");
  const kept = stack.move();
  return {
    within,
    here: String(here),
    cut: () => ip("link", "set", near, "down"),
    join: () => ip("link", "set", near, "up"),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function ip(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args: [...args], stdin: "null" }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
