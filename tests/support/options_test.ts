/** Shows which arguments the commands in tests/ accept and refuse. */

import { assertEquals, assertThrows } from "@std/assert";
import { optionsOf } from "../bench/peers/options.ts";
import { parseOptions as simulateOptions } from "../proof/simulation/options.ts";
import { planOf } from "../proof/simulation/plan.ts";
import { parseOptions as tortureOptions } from "../proof/torture/options.ts";
import { readArguments, readNumber } from "./options.ts";

Deno.test("torture: options and their defaults", () => {
  assertEquals(tortureOptions([], "5"), { seed: "5", durationMs: 60_000, workers: 12 });
  const all = ["--minutes", "0.5", "--seed", "s", "--processes", "32"];
  assertEquals(tortureOptions(all, "5"), { seed: "s", durationMs: 30_000, workers: 32 });
});

Deno.test("simulate: options and their defaults", () => {
  assertEquals(simulateOptions([], "5"), { seed: "5", schedules: 10_000 });
  assertEquals(simulateOptions(["--schedules=7", "--seed", "s"], "5"), { seed: "s", schedules: 7 });
  const plan = planOf("s");
  assertEquals(simulateOptions(["--plan", JSON.stringify(plan)], "5").plan, plan);
});

Deno.test("bench:peers: names and sizes in any order, sizes sorted, and their defaults", () => {
  assertEquals(optionsOf(["shrimp", "--sizes", "1000,100", "backlog"]), {
    names: ["shrimp", "backlog"],
    sizes: [100, 1_000],
  });
  assertEquals(optionsOf(["--sizes=5"]), { names: [], sizes: [5] });
  assertEquals(optionsOf([]), { names: [], sizes: [100, 1_000, 10_000] });
});

Deno.test("a number out of its bounds is refused with the option, the value and the bounds", () => {
  const refused: readonly (readonly [() => unknown, string])[] = [
    [() => tortureOptions(["--minutes", "0"], "5"), "Cannot read --minutes 0: must be a number from 0.001 to 1440"],
    [
      () => tortureOptions(["--processes", "2.5"], "5"),
      "Cannot read --processes 2.5: must be a whole number from 1 to 64",
    ],
    [
      () => tortureOptions(["--processes", "65"], "5"),
      "Cannot read --processes 65: must be a whole number from 1 to 64",
    ],
    [() => simulateOptions(["--schedules", "0"], "5"), "Cannot read --schedules 0: must be a whole number from 1 to"],
    [() => optionsOf(["--sizes", "many"]), "Cannot read --sizes many: must be a whole number from 1 to 100000"],
    [() => optionsOf(["--sizes", "100,0"]), "Cannot read --sizes 0: must be a whole number from 1 to 100000"],
    [() => optionsOf(["--sizes="]), "Cannot read --sizes : must be a whole number from 1 to 100000"],
  ];
  for (const [read, message] of refused) assertThrows(read, Error, message);
});

Deno.test("bounds themselves are taken, what lies beside them is not, and infinity is no number", () => {
  const bounds = { min: 1, max: 3 };
  assertEquals(["1", "3"].map((text) => readNumber("n", text, bounds)), [1, 3]);
  for (const text of ["0", "4", "1.5", "", " ", "NaN", "x"]) {
    assertThrows(() => readNumber("n", text, bounds), Error);
  }
  assertEquals(readNumber("n", "1.5", { ...bounds, fractions: true }), 1.5);
  assertThrows(() => readNumber("n", "Infinity", { ...bounds, fractions: true }), Error, "Cannot read --n Infinity");
});

Deno.test("an option that is unknown or has no value, and an argument too many, are refused with the options there are", () => {
  for (const args of [["--size", "1"], ["--sizes"], ["a"]]) {
    const message = assertThrows(() => readArguments(args, { names: ["sizes", "seed"] }), Error).message;
    assertEquals(message.startsWith(`Cannot read ${args.join(" ")}: `), true, message);
    assertEquals(message.endsWith("; options: --sizes, --seed"), true, message);
  }
});
