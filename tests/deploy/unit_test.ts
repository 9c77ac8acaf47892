/** Shows that systemd takes the unit as it is, and confines the service. */

import { assert, assertEquals } from "@std/assert";
import { missingCommand, testUnless } from "../support/needs.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { readDeployed } from "./files.ts";
import { run } from "./running.ts";

const UNIT = "mcp-orchestrator.service";

/** Most exposure by systemd's own measure, in tenths of its 10 points. It was 17 with systemd 252. */
const MAX_EXPOSURE = 20;

const missing = await missingCommand("systemd-analyze", ["--version"]);

testUnless(missing, "systemd knows every setting of the unit, also with postgres.conf")(async () => {
  await using directory = await temporaryDirectory();
  const unit = `${directory.path}/${UNIT}`;
  await Deno.writeTextFile(unit, await installed(UNIT));
  await Deno.mkdir(`${unit}.d`);
  await Deno.writeTextFile(`${unit}.d/postgres.conf`, await installed("postgres.conf"));
  assertEquals(await run(["systemd-analyze", "verify", unit]), { code: 0, log: "" });
});

testUnless(missing, "the unit gives the service little to do harm with")(async () => {
  await using directory = await temporaryDirectory();
  const unit = `${directory.path}/${UNIT}`;
  await Deno.writeTextFile(unit, await installed(UNIT));
  const threshold = `--threshold=${MAX_EXPOSURE}`;
  const { code, log } = await run(["systemd-analyze", "security", "--offline=true", threshold, unit]);
  assertEquals(code, 0, log);
});

Deno.test("postgres.conf replaces the command of the unit, and differs from it in the store only", async () => {
  const unit = await readDeployed(UNIT);
  const lines = (await readDeployed("postgres.conf")).split("\n");
  const reset = lines.indexOf("ExecStart=");
  assert(reset > 0 && lines[reset + 1]?.startsWith("ExecStart=/"));
  const flag = (line: string) => line.split(" ").filter((word) => !/^--(allow|data|store)|^(%S|postgres:)/.test(word));
  const command = unit.split("\n").find((line) => line.startsWith("ExecStart="));
  assertEquals(flag(lines[reset + 1] ?? ""), flag(command ?? ""));
});

/** A file as it stands on a machine where Deno is at the place that it names. */
async function installed(file: string): Promise<string> {
  return (await readDeployed(file)).replaceAll("/usr/local/bin/deno", Deno.execPath());
}
