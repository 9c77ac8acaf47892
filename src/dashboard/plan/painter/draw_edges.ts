/** Draws edges: soft curves between columns, straight along their lanes, what they ask for on a chip. */
import { KIND } from "../layout/graph.ts";
import { ALL_LINES_ZOOM, type Brush, DIMMED, FONT } from "./brush.ts";

const ARROW = 6;
/** Below ALL_LINES_ZOOM as large as there is room between two columns. */
const CHIPS = {
  near: { font: `500 10px ${FONT}`, height: 16 },
  distant: { font: `500 15px ${FONT}`, height: 21 },
} as const;
const CHIP_ROOM = 118;

/** All edges of a kind in one path. Chains and the critical path lie on top. */
export function drawEdges(brush: Brush, edges: readonly number[], options: { readonly hasArrows: boolean }): void {
  const { context, palette, camera, chains, emphasised, scene: { isCriticalEdge } } = brush;
  const others = chains || emphasised ? DIMMED : 1;
  const thin = Math.max(1.25, 1 / camera.zoom);
  const isPlain = (edge: number) => !isCriticalEdge[edge] && !chains?.edges[edge];
  const layers = [
    { edges: edges.filter(isPlain), colour: palette.edge, width: thin, alpha: others },
    {
      edges: edges.filter((edge) => isCriticalEdge[edge] && !chains?.edges[edge]),
      colour: palette.critical,
      width: 2 * thin,
      alpha: others,
    },
    { edges: edges.filter((edge) => chains?.edges[edge]), colour: palette.accent, width: 1.6 * thin, alpha: 1 },
    {
      edges: edges.filter((edge) => isCriticalEdge[edge] && chains?.edges[edge]),
      colour: palette.critical,
      width: 2 * thin,
      alpha: 1,
    },
  ];
  for (const { edges, colour, width, alpha } of layers) {
    if (edges.length === 0) continue;
    context.globalAlpha = alpha;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const edge of edges) tracePath(brush, edge);
    context.stroke();
    if (!options.hasArrows) continue;
    context.beginPath();
    for (const edge of edges) traceArrow(brush, edge);
    context.fill();
  }
  context.globalAlpha = 1;
}

function tracePath({ context, scene: { layout: { edges: { start, points } } } }: Brush, edge: number): void {
  const first = start[edge]! * 2, end = start[edge + 1]! * 2;
  if (first === end) return;
  let x = points[first]!, y = points[first + 1]!;
  context.moveTo(x, y);
  for (let i = first + 2; i < end; i += 2) {
    const nextX = points[i]!, nextY = points[i + 1]!;
    if (nextY === y) context.lineTo(nextX, nextY);
    else {
      const bend = (nextX - x) / 2;
      context.bezierCurveTo(x + bend, y, nextX - bend, nextY, nextX, nextY);
    }
    x = nextX, y = nextY;
  }
}

/** Joins have no arrows into them: the edges only meet there. */
function traceArrow({ context, scene: { layout: { kind, edges: { start, points, to } } } }: Brush, edge: number): void {
  const last = start[edge + 1]! * 2 - 2;
  if (last < start[edge]! * 2 + 2 || kind[to[edge]!] === KIND.join) return;
  const x = points[last]!, y = points[last + 1]!;
  const back = points[last - 2]! > x ? ARROW : -ARROW;
  context.moveTo(x, y);
  context.lineTo(x + back, y - ARROW / 1.7);
  context.lineTo(x + back, y + ARROW / 1.7);
  context.closePath();
}

/** What edges ask for, each on its last stretch between two columns where no other text stands. */
export function drawChips(brush: Brush, edges: readonly number[]): void {
  const { context, palette, texts, camera, chains, scene: { graph: { marks }, layout: { edges: { mark } } } } = brush;
  const { font, height } = CHIPS[camera.zoom < ALL_LINES_ZOOM ? "distant" : "near"];
  context.textAlign = "center";
  context.textBaseline = "middle";
  const taken: Chip[] = [];
  for (const edge of edges) {
    const text = texts.cut(marks[mark[edge]!] ?? "", font, CHIP_ROOM - 12);
    const width = texts.measure(text, font) + 12;
    const chip = text === ""
      ? undefined
      : placesOf(brush, edge).map((place) => ({ ...place, width, height })).find((each) => isFree(each, taken));
    if (!chip) continue;
    taken.push(chip);
    context.globalAlpha = chains && !chains.edges[edge] ? DIMMED : 1;
    context.fillStyle = palette.surface;
    context.strokeStyle = palette.edge;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(chip.x - width / 2, chip.y - height / 2, width, height, height / 2);
    context.fill();
    context.stroke();
    context.fillStyle = palette.text;
    context.font = font;
    context.fillText(text, chip.x, chip.y + 0.5);
  }
  context.globalAlpha = 1;
}

/** A chip around its middle. */
interface Chip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function isFree({ x, y, width, height }: Chip, taken: readonly Chip[]): boolean {
  return taken.every((other) => Math.abs(other.x - x) >= (other.width + width) / 2 || Math.abs(other.y - y) >= height);
}

/** A shorter stretch has no room for a text. */
const LEAST_STRETCH = 40;

/** The middles of an edge's long stretches, the last one first. Edges into a join run together on that one. */
function placesOf({ scene: { layout: { kind, edges: { start, points, to } } } }: Brush, edge: number) {
  const places: { readonly x: number; readonly y: number }[] = [];
  for (let i = start[edge + 1]! * 2 - 4; i >= start[edge]! * 2; i -= 2) {
    if (Math.abs(points[i + 2]! - points[i]!) < LEAST_STRETCH) continue;
    places.push({ x: (points[i]! + points[i + 2]!) / 2, y: (points[i + 1]! + points[i + 3]!) / 2 });
  }
  return kind[to[edge]!] === KIND.join && places.length > 1 ? places.slice(1) : places;
}
