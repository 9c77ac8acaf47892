/** Times, addresses and texts as the page writes them. */

import { assertEquals } from "@std/assert";
import { formatPlace, parsePlace } from "../../src/dashboard/places.ts";
import { formatDuration, formatRelative, formatTime } from "../../src/dashboard/time_format.ts";
import { plainTitle } from "../../src/dashboard/plan/plain_title.ts";
import { askOf, describeDependency, fillIn } from "../../src/dashboard/views/template_text.ts";

const MINUTE = 60_000;

Deno.test("a duration is told in its two largest units", () => {
  const hour = 60 * MINUTE;
  const durations = [0, 999, 1_000, 59_999, 61_000, hour, hour + 5 * MINUTE, 25 * hour, 240 * hour];
  assertEquals(durations.map(formatDuration), [
    "0 ms",
    "999 ms",
    "1 s",
    "59 s",
    "1 min 1 s",
    "1 h",
    "1 h 5 min",
    "1 d 1 h",
    "10 d",
  ]);
});

Deno.test("a time has its date only on another day, and says when it is UTC", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  const utc = { now, times: "utc" } as const;
  assertEquals(formatTime(now - MINUTE, utc), "11:59:00Z");
  assertEquals(formatTime(now - 24 * 60 * MINUTE, utc), "2026-02-28 12:00:00Z");
  assertEquals(formatTime(now - MINUTE, { now, times: "relative" }), "1 min ago");
  assertEquals([formatRelative(now, now), formatRelative(now + 2 * MINUTE, now)], ["now", "in 2 min"]);
});

Deno.test("a place survives the address, whatever its texts are", () => {
  const places = [
    { view: "board", params: {} },
    { view: "table", params: { q: "a & b = ? #/ ü", task: "__proto__" } },
    { view: "plan", params: { task: "a/b?c=d", at: "2026-01-01T00:00:00Z" } },
  ];
  for (const place of places) assertEquals(parsePlace(formatPlace(place)), place);
  assertEquals(parsePlace(""), { view: "plan", params: {} });
  assertEquals(parsePlace("#key=abc").view, "key=abc");
});

Deno.test("a template's preview has the given values, else the defaults, else the names", () => {
  const parameters = [{ name: "bug" }, { name: "where", default: "not known" }];
  assertEquals(fillIn("{{bug}} in {{ where }}, {{other}}", parameters, {}), "{{bug}} in not known, {{other}}");
  assertEquals(fillIn("{{bug}} in {{where}}", parameters, { bug: "$&", where: "x" }), "$& in x");
  assertEquals(fillIn("{{constructor}}", parameters, {}), "{{constructor}}");
});

Deno.test("every form of a dependency is told in a few words", () => {
  const dependencies = [
    "a",
    { task: "a", on: "failed" },
    { task: "a", when: { pointer: "/ok", equals: true } },
    { group: "g" },
    { any: ["a", { all: ["b", "c"] }] },
    { at_least: "60%", of: { group: "g" } },
  ];
  assertEquals(dependencies.map(describeDependency), [
    "a",
    "a (on failed)",
    "a (ok = true)",
    "group g",
    "any of (a, all of (b, c))",
    "at least 60% of (group g)",
  ]);
});

Deno.test("titles are shown without the marks of Markdown, and else as they are", () => {
  const cases = [
    ["## Make it **right**, then `fast`", "Make it right, then fast"],
    ["See [the plan](https://example.org/a) first", "See the plan first"],
    ["2 * 3 ** 4 # not a heading, a[0](x y)", "2 * 3 ** 4 # not a heading, a[0](x y)"],
    ["#12 is open: **half", "#12 is open: **half"],
  ] as const;
  for (const [title, plain] of cases) assertEquals(plainTitle(title), plain);
});

Deno.test("what a dependency asks for is written as the plan writes it", () => {
  const cases = [
    ["a", ""],
    [{ task: "a" }, ""],
    [{ task: "a", on: "completed" }, ""],
    [{ task: "a", on: "failed" }, "on failed"],
    [{ task: "a", when: { pointer: "/verdict", equals: "changes" } }, "verdict = changes"],
    [{ task: "a", when: { pointer: "/score", greater_than: 3 } }, "score > 3"],
    [{ task: "a", when: { contains: "yes" } }, "result contains yes"],
    [{ task: "a", when: { pointer: "/error", exists: false } }, "no error"],
  ] as const;
  for (const [dependency, text] of cases) assertEquals(askOf(dependency), text);
});
