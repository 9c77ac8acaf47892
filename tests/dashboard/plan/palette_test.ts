import { assert, assertEquals } from "@std/assert";
import { cssVariables, DARK, LIGHT, type Palette } from "../../../src/dashboard/plan/palette.ts";
import { STATUS_GLYPHS, STATUS_WORDS, STATUSES } from "../../../src/dashboard/plan/statuses.ts";

const permissions = "none";

type Colour = readonly [number, number, number];

/** Linear sRGB of "#rrggbb". */
function linear(hex: string): Colour {
  assert(/^#[0-9a-f]{6}$/.test(hex), hex);
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return [red, green, blue];
}

/** WCAG 2.2: contrast ratio. */
function contrast(a: string, b: string): number {
  const [light, dark] = [a, b].map((hex) => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }).sort((first, second) => second - first) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira and Fernandes, 2009: severity 1.0, on linear RGB. */
const VISIONS = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

function seen(colour: Colour, matrix: readonly number[]): Colour {
  const row = (first: number) =>
    Math.min(Math.max(colour.reduce((sum, value, i) => sum + value * (matrix[first + i] ?? 0), 0), 0), 1);
  return [row(0), row(3), row(6)];
}

/** Ottosson, 2020: OKLab, in which distances are about as large as they look. */
function oklab([red, green, blue]: Colour): Colour {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** About three times the least difference that is seen side by side. */
const LEAST_DISTANCE = 0.06;

for (const [name, palette] of [["light", LIGHT], ["dark", DARK]] as const) {
  const { surface, receded, box, background } = palette;

  Deno.test({
    name: `${name}: texts have a contrast of 4.5 to whatever they stand on`,
    permissions,
    fn: () => {
      const texts = { text: palette.text, muted: palette.muted, ...palette.statusTexts };
      for (const [text, colour] of Object.entries(texts)) {
        for (const ground of [surface, receded, box, background]) {
          assert(contrast(colour, ground) >= 4.5, `${text} on ${ground}: ${contrast(colour, ground)}`);
        }
      }
    },
  });

  Deno.test({
    name: `${name}: marks, edges, glyphs and frames have a contrast of 3`,
    permissions,
    fn: () => {
      const marks = { edge: palette.edge, accent: palette.accent, critical: palette.critical, ...palette.statuses };
      for (const [mark, colour] of Object.entries(marks)) {
        for (const ground of [surface, receded, box, background]) {
          assert(contrast(colour, ground) >= 3, `${mark} on ${ground}: ${contrast(colour, ground)}`);
        }
      }
    },
  });

  for (const [vision, matrix] of Object.entries(VISIONS)) {
    Deno.test({
      name: `${name}: no two statuses look alike with ${vision} vision`,
      permissions,
      fn: () => {
        const colours = STATUSES.map((status) => oklab(seen(linear(palette.statuses[status]), matrix)));
        colours.forEach((colour, i) =>
          colours.slice(0, i).forEach((other, j) => {
            const distance = Math.hypot(...colour.map((value, axis) => value - (other[axis] ?? 0)));
            assert(distance >= LEAST_DISTANCE, `${STATUSES[i]} and ${STATUSES[j]}: ${distance}`);
          })
        );
      },
    });
  }
}

Deno.test({
  name: "each status has a glyph and a word of its own",
  permissions,
  fn: () => {
    assertEquals(new Set(Object.values(STATUS_GLYPHS)).size, STATUSES.length);
    assertEquals(new Set(Object.values(STATUS_WORDS)).size, STATUSES.length);
  },
});

Deno.test({
  name: "style sheets get the same variables in light and dark",
  permissions,
  fn: () => {
    const names = (palette: Palette) => cssVariables(palette).map(([name]) => name);
    assertEquals(names(LIGHT), names(DARK));
    assert(names(LIGHT).includes("--status-in-progress"));
    assertEquals(new Map(cssVariables(LIGHT)).get("--status-text-failed"), LIGHT.statusTexts.failed);
  },
});
