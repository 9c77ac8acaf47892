/** The rows as a Markdown table, with columns as wide as their longest cell: what `deno fmt` would make of it. */

import { type Cell, isBest, type Row, type Unit, verdictOf } from "./row.ts";

/** A line for the head, one below it, and one for each row. The best cells are bold; the verdict is on `own`. */
export function tableOf(rows: readonly Row[], servers: readonly string[], own: string): readonly string[] {
  const lines = [
    ["", ...servers, "verdict"],
    ...rows.map((row) => [
      row.name,
      ...servers.map((server) => {
        const text = formatCell(row.cells.get(server), row.unit);
        return isBest(row, server) ? `**${text}**` : text;
      }),
      verdictOf(row, own),
    ]),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const [head = [], ...body] = lines;
  return [padded(head, widths), rule(widths), ...body.map((line) => padded(line, widths))];
}

export function formatCell(cell: Cell | undefined, unit: Unit): string {
  if (cell === undefined) return "–";
  if ("absent" in cell) return cell.absent;
  const figure = formatFigure(cell.value, unit);
  return cell.detail === undefined ? figure : `${figure} (${cell.detail})`;
}

function formatFigure(value: number, unit: Unit): string {
  switch (unit) {
    case "ms":
      return `${value < 10 ? value.toFixed(2) : withCommas(value)} ms`;
    case "MB":
      return `${withCommas(value)} MB`;
    case "bytes":
      return `${withCommas(value)} B`;
    case "tasks":
      return withCommas(value);
  }
}

export function withCommas(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Figures are to the right of their columns, names and verdicts to the left. */
function isFigureColumn(column: number, widths: readonly number[]): boolean {
  return column > 0 && column < widths.length - 1;
}

function padded(cells: readonly string[], widths: readonly number[]): string {
  const texts = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return isFigureColumn(column, widths) ? cell.padStart(width) : cell.padEnd(width);
  });
  return `| ${texts.join(" | ")} |`;
}

function rule(widths: readonly number[]): string {
  const dashes = widths.map((width, column) =>
    isFigureColumn(column, widths) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  return `| ${dashes.join(" | ")} |`;
}
