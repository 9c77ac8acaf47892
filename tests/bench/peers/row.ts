/** What the comparison yields: rows of figures, one cell for each server, and who is ahead in a row. */

/** `right`: there is one right figure, and anything else is a fault. */
export type Best = "least" | "right";

export type Unit = "ms" | "MB" | "bytes" | "tasks";

/** A figure, or why there is none. */
export type Cell = Figure | { readonly absent: string };

export interface Figure {
  readonly value: number;
  /** What the figure alone doesn't tell. */
  readonly detail?: string;
  /** Only in rows where `right` is best. */
  readonly isRight?: boolean;
}

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  readonly best: Best;
  /** By the names of the servers; those that don't have the row are missing. */
  readonly cells: ReadonlyMap<string, Cell>;
}

/** What one server yields, by the names of the rows. */
export type Column = ReadonlyMap<string, { readonly unit: Unit; readonly best: Best; readonly cell: Cell }>;

/** Figures that are closer to each other are level: repeated runs differ as much. */
const LEVEL_RATIO = 1.1;

/** The rows of several servers, in the order of the first that has each. */
export function rowsOf(columns: ReadonlyMap<string, Column>): readonly Row[] {
  const rows = new Map<string, Row & { readonly cells: Map<string, Cell> }>();
  for (const [server, column] of columns) {
    for (const [name, { unit, best, cell }] of column) {
      const row = rows.get(name) ?? { name, unit, best, cells: new Map<string, Cell>() };
      rows.set(name, row);
      row.cells.set(server, cell);
    }
  }
  return [...rows.values()];
}

/** How `server` does in a row, in words: first of all, who is ahead of it. */
export function verdictOf({ best, cells }: Row, server: string): string {
  const own = figureOf(cells.get(server));
  if (own === undefined) return `no figure of ${server}`;
  const others = [...cells].flatMap(([name, cell]) => {
    const figure = figureOf(cell);
    return name === server || figure === undefined ? [] : [{ name, figure }];
  });
  if (best === "right") {
    if (own.isRight !== true) return `**${server} is wrong**`;
    const right = others.filter(({ figure }) => figure.isRight === true).map(({ name }) => name);
    return right.length === 0 ? `only ${server} right` : `right, and so: ${right.join(", ")}`;
  }
  const ratios = others.map(({ name, figure }) => ({ name, ratio: own.value / figure.value }));
  const ahead = ratios.filter(({ ratio }) => ratio >= LEVEL_RATIO).toSorted((a, b) => b.ratio - a.ratio);
  if (ahead.length > 0) {
    return `**behind** ${ahead.map(({ name, ratio }) => `${name} ${ratio.toFixed(1)}×`).join(", ")}`;
  }
  const level = ratios.filter(({ ratio }) => ratio > 1 / LEVEL_RATIO).map(({ name }) => name);
  return level.length > 0 ? `level with ${level.join(", ")}` : `${server} ahead`;
}

/** Whether a cell is among the best of its row. */
export function isBest({ best, cells }: Row, server: string): boolean {
  const figure = figureOf(cells.get(server));
  if (figure === undefined) return false;
  if (best === "right") return figure.isRight === true;
  return [...cells.values()].every((cell) => figure.value <= (figureOf(cell)?.value ?? Infinity));
}

export function figureOf(cell: Cell | undefined): Figure | undefined {
  return cell !== undefined && "value" in cell ? cell : undefined;
}
