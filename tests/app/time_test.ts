/** Shows which moment a text stands for, in any time zone of the server. */

import { localOperator } from "../../src/core/model/access.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { Refusal } from "../../src/core/model/refusal.ts";
import { isRelative, parseTime } from "../../src/app/time.ts";
import { connect } from "../support/connected.ts";
import { serverEnvironment } from "../support/server.ts";

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

const NOW = Date.UTC(2026, 10, 26, 12);

/** The moment as ISO 8601 in UTC. */
function read(text: string, day: "begin" | "end" = "begin"): string {
  return new Date(parseTime(text, "deadline", { now: NOW, day })).toISOString();
}

Deno.test("times with a zone and durations are parsed exactly", () => {
  for (
    const [text, moment] of [
      ["2026-12-01T10:00:00Z", "2026-12-01T10:00:00.000Z"],
      ["2026-12-01T10:00+01:00", "2026-12-01T09:00:00.000Z"],
      ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
      ["PT10M", "2026-11-26T12:10:00.000Z"],
      ["P1D", "2026-11-27T12:00:00.000Z"],
    ] as const
  ) {
    assertEquals([read(text, "begin"), read(text, "end")], [moment, moment]);
  }
});

Deno.test("a date alone means the start or the end of that day", () => {
  assertEquals(new Date(read("2026-12-01", "begin")).getTime(), new Date(2026, 11, 1).getTime());
  assertEquals(new Date(read("2026-12-01", "end")).getTime(), new Date(2026, 11, 2).getTime() - 1);
});

Deno.test("dates that the calendar does not have are refused", () => {
  for (
    const text of [
      ...["2027-02-30", "2027-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-12-00", "2027-02-30T10:00:00Z"],
      ...["2026-12-01T25:00:00Z", "2026-12-01T10:00", "2026-12", "20261201", "tomorrow", "", "P", "PT"],
    ]
  ) {
    const error = assertThrows(() => read(text), Refusal);
    assertEquals([error.code, error.message.includes("is not a time")], ["invalid_value", true], text);
  }
});

Deno.test("dates and durations are relative, times with a zone are not", () => {
  assertEquals(["2026-12-01", "PT1H", "2026-12-01T10:00:00Z"].map(isRelative), [true, true, false]);
});

Deno.test("a date is a day in the server's time zone, which needs no permission", async () => {
  const module = new URL("../../src/app/time.ts", import.meta.url);
  const program = `import { parseTime } from ${JSON.stringify(module.href)};
    const read = (text, day) => new Date(parseTime(text, "deadline", { now: 0, day })).toISOString();
    console.log(read("2026-12-01", "begin"), read("2026-12-01", "end"), read("2018-11-04", "begin"));`;
  for (
    const [zone, begin, end, skipped] of [
      ["UTC", "2026-12-01T00:00:00.000Z", "2026-12-01T23:59:59.999Z", "2018-11-04T00:00:00.000Z"],
      ["America/New_York", "2026-12-01T05:00:00.000Z", "2026-12-02T04:59:59.999Z", "2018-11-04T04:00:00.000Z"],
      ["Pacific/Kiritimati", "2026-11-30T10:00:00.000Z", "2026-12-01T09:59:59.999Z", "2018-11-03T10:00:00.000Z"],
      // On that day, clocks were set forward at midnight.
      ["America/Sao_Paulo", "2026-12-01T03:00:00.000Z", "2026-12-02T02:59:59.999Z", "2018-11-04T03:00:00.000Z"],
    ]
  ) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--config", CONFIG, "-"],
      env: { ...serverEnvironment(), TZ: zone ?? "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = child.output();
    await new Response(program).body?.pipeTo(child.stdin);
    const { stdout, stderr } = await output;
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stdout).trim(), `${begin} ${end} ${skipped}`, decoder.decode(stderr));
  }
});

Deno.test("answers have the exact time of a date or a duration, and of nothing else", async () => {
  const endOf = (year: number, month: number, day: number) =>
    new Date(new Date(year, month - 1, day + 1).getTime() - 1).toISOString();
  await using server = await connect({ now: () => NOW });
  const ask = async (tool: string, args: Record<string, unknown>) => (await server.call(tool, args)).structuredContent;
  const created = await ask("create_task", { id: "a", description: "", deadline: "2026-12-01", not_before: "PT1H" });
  assertEquals([created?.["deadline"], created?.["notBefore"]], [endOf(2026, 12, 1), "2026-11-26T13:00:00.000Z"]);
  const updated = await ask("update_task", { task_id: "a", deadline: "2026-12-02" });
  assertEquals([updated?.["deadline"], updated?.["notBefore"]], [endOf(2026, 12, 2), undefined]);
  const said = await ask("update_task", { task_id: "a", deadline: "2026-12-03T00:00:00Z" });
  assertEquals(said?.["deadline"], undefined);
  const many = await ask("create_tasks", {
    tasks: [{ id: "b", description: "" }, { id: "c", description: "", deadline: "2026-12-01" }],
  });
  assertEquals(many?.["times"], [{ id: "c", deadline: endOf(2026, 12, 1) }]);
  await ask("save_template", { name: "t", tasks: [{ id: "x", description: "", deadline: "2026-12-01" }] });
  const template = await ask("get_template", { name: "t" });
  assertEquals(template?.["tasks"], [{ id: "x", description: "", dependencies: [], deadline: endOf(2026, 12, 1) }]);
});

Deno.test("a task whose deadline is today does not fail before the day is over", async () => {
  let now = new Date(2026, 11, 1, 9).getTime();
  await using server = await connect({ now: () => now });
  const status = async () => {
    await server.engine.execute({ type: "sweep" }, localOperator("test"));
    return (await server.call("get_task_details", { task_id: "a" })).structuredContent?.["status"];
  };
  await server.call("create_task", { id: "a", description: "", deadline: "2026-12-01", fail_on_deadline: true });
  now = new Date(2026, 11, 1, 23, 59, 59).getTime();
  assertEquals(await status(), "pending");
  now = new Date(2026, 11, 2).getTime();
  assertEquals(await status(), "failed");
});
