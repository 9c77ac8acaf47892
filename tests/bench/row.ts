/**
 * What a benchmark yields: rows, each a value beside the least that the machine allows in the same run, and what is
 * aimed at. A ratio says more than a time, as the noise of the machine is in both.
 */

/** `/s`: of something, in a second. */
export type Unit = "%" | "µs" | "ms" | "/s" | "MB" | "bytes";

export interface Row {
  readonly name: string;
  readonly value: number;
  /** Absent where nothing is comparable. */
  readonly floor?: Floor;
  readonly unit: Unit;
  /** Absent where a row only shows how things are. */
  readonly target?: Target;
}

/** The least possible, or what the value is compared with; measured in turn with it. */
export interface Floor {
  readonly value: number;
  /** What was measured. */
  readonly what: string;
}

/** What is judged, and the bound that it is to keep. */
export interface Target {
  readonly of: "value" | "ratio" | "difference";
  readonly is: "at most" | "at least";
  readonly bound: number;
}

/** What the benchmarks of a run share. */
export interface Bench {
  /** On a real disk; removed at the end. */
  readonly directory: string;
}

/** Measures something; yields a row or several. */
export type Benchmark = (bench: Bench) => Promise<readonly Row[]>;

/** Whether a row keeps its target, if it has one. */
export function isKept({ target, ...row }: Row): boolean {
  if (target === undefined) return true;
  const judged = judgedOf(row, target);
  return target.is === "at most" ? judged <= target.bound : judged >= target.bound;
}

/** What the floors of the rows are, a line for each. */
export function floorsOf(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.flatMap(({ name, floor }) => floor === undefined ? [] : [`${name.padEnd(width)}  ${floor.what}`]);
}

/** The rows as a table. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const cells = [
    ["", "value", "floor", "ratio", "target", ""],
    ...rows.map((row) => [
      row.name,
      format(row.value, row.unit),
      row.floor === undefined ? "" : format(row.floor.value, row.unit),
      formatComparison(row),
      formatTarget(row),
      row.target === undefined ? "" : isKept(row) ? "ok" : "MISSED",
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return 1 <= column && column <= 3 ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}

function judgedOf({ name, value, floor }: Row, target: Target): number {
  if (target.of === "value") return value;
  if (floor === undefined) throw new Error(`${name}: a ${target.of} needs a floor`);
  return target.of === "ratio" ? value / floor.value : value - floor.value;
}

function formatComparison({ value, floor, unit, target }: Row): string {
  if (floor === undefined) return "";
  if (target?.of === "difference") return `+${format(value - floor.value, unit)}`;
  return `${(value / floor.value).toFixed(2)}×`;
}

function formatTarget({ unit, target }: Row): string {
  if (target === undefined) return "";
  const { of, is, bound } = target;
  const sign = is === "at most" ? "≤" : "≥";
  if (of === "ratio") return `${sign} ${bound}×`;
  return `${sign} ${of === "difference" ? "+" : ""}${format(bound, unit)}`;
}

function format(amount: number, unit: Unit): string {
  switch (unit) {
    case "%":
      return `${amount.toFixed(0)} %`;
    case "µs":
      return `${amount < 10 ? amount.toFixed(1) : Math.round(amount).toLocaleString("en-US")} µs`;
    case "ms":
      return `${amount < 10 ? amount.toFixed(2) : amount.toFixed(0)} ms`;
    case "/s":
      return `${Math.round(amount).toLocaleString("en-US")}/s`;
    case "MB":
      return `${amount.toFixed(0)} MB`;
    case "bytes":
      return `${amount.toLocaleString("en-US")} B`;
  }
}
