/**
 * Reads the text format of Prometheus, version 0.0.4, twice: with a package that knows nothing of ours, and strictly by the
 * grammar of the specification (prometheus.io/docs/instrumenting/exposition_formats), as that package passes over what it
 * cannot read.
 */

import { assert, assertEquals } from "@std/assert";
import parse from "parse-prometheus-text-format";

/** A metric with its samples: the value of each, by its name and labels as they are written. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: ReadonlyMap<string, number>;
}

/** What the package makes of a metric. */
interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly { readonly value?: string; readonly count?: string }[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(
  `^((${NAME})(?:\\{(?:${LABEL}(?:,${LABEL})*)?\\})?) ([-+]?(?:\\d+(?:\\.\\d+)?(?:e[-+]\\d+)?|Inf)|NaN)$`,
);

/** The metrics of an exposition, by name. Throws if anything in it is not as the format, or its conventions, have it. */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  assert(text.endsWith("\n"), "the last line must end with a line feed");
  const families = new Map<string, Family>();
  const samples = new Map<string, Map<string, number>>();
  let current = { name: "", help: "" };
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, keyword, name = "", rest = ""] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    if (keyword === "HELP") current = { name, help: rest };
    else if (keyword === "TYPE") {
      assertEquals(name, current.name, "TYPE follows HELP");
      assert(["counter", "gauge", "histogram"].includes(rest), line);
      assert(!families.has(name), `${name} is there twice`);
      samples.set(name, new Map());
      families.set(name, { name, help: current.help, type: rest, samples: samples.get(name)! });
    } else readSample(line, families.get(current.name), samples.get(current.name));
  }
  for (const family of families.values()) checkFamily(family);
  checkAgainstPackage(text, families);
  return families;
}

function readSample(line: string, family: Family | undefined, samples: Map<string, number> | undefined): void {
  const [, key = "", name = "", value = ""] = SAMPLE.exec(line) ?? [];
  assert(family !== undefined && samples !== undefined && key !== "", `no sample: ${line}`);
  const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  assert(suffixes.some((suffix) => family.name + suffix === name), `${line} is no sample of ${family.name}`);
  assert(!samples.has(key), `twice: ${key}`);
  samples.set(key, Number(value.replace("Inf", "Infinity")));
}

/** The conventions of prometheus.io/docs/practices/naming, and that the buckets of a histogram add up. */
function checkFamily({ name, type, help, samples }: Family): void {
  assertEquals(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
  assert(!/_(ms|milliseconds|minutes|kb|kilobytes)(_|$)/.test(name), `${name} has no base unit`);
  assert(help.length > 10, name);
  if (type !== "gauge") { for (const [key, value] of samples) assert(value >= 0, key); }
  if (type !== "histogram") return;
  const buckets = Map.groupBy(
    [...samples].filter(([key]) => key.startsWith(`${name}_bucket`)),
    ([key]) => key.replace(/le="[^"]*",?/, "").replace(/,?\}$/, "}"),
  );
  for (const [series, values] of buckets) {
    const bounds = values.map(([key]) => Number(/le="([^"]*)"/.exec(key)?.[1]?.replace("Inf", "Infinity")));
    assertEquals(bounds, bounds.toSorted((a, b) => a - b), series);
    assertEquals(bounds.at(-1), Infinity, series);
    const counts = values.map(([, value]) => value);
    assertEquals(counts, counts.toSorted((a, b) => a - b), series);
    const count = samples.get(series.replace("_bucket", "_count").replace("{}", ""));
    assertEquals(counts.at(-1), count, series);
  }
}

/** Both readings must have the same metrics, and the same values. */
function checkAgainstPackage(text: string, families: ReadonlyMap<string, Family>): void {
  // The package has no types.
  const theirs: readonly ParsedFamily[] = parse(text);
  assertEquals(theirs.map(({ name }) => name).toSorted(), [...families.keys()].toSorted());
  for (const { name, type, help, metrics } of theirs) {
    const ours = families.get(name);
    assertEquals([type.toLowerCase(), help], [ours?.type, ours?.help]);
    // The package does not put the buckets of a histogram with labels together.
    if (metrics.some(({ value, count }) => value === undefined && count === undefined)) continue;
    const sum = metrics.reduce((sum, { value, count }) => sum + Number(value ?? count), 0);
    const counted = [...ours?.samples ?? []].filter(([key]) => type !== "HISTOGRAM" || key.startsWith(`${name}_count`));
    assertEquals(sum, counted.reduce((sum, [, value]) => sum + value, 0), name);
  }
}

/** The value of a sample; throws if it is not there. */
export function sampleOf(families: ReadonlyMap<string, Family>, key: string): number {
  for (const { samples } of families.values()) {
    const value = samples.get(key);
    if (value !== undefined) return value;
  }
  throw new Error(`There is no ${key}`);
}
