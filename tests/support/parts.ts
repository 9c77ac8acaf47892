/**
 * Modules that each import many test files. A module of its own costs a file a quarter of a second, as nothing of what it
 * imports is compiled before; most files need less for their tests.
 */

const IMPORTED = /\b(?:from|import) "(\.[^"]+)"/g;

/** The addresses of all test files in a folder, sorted. */
export function listTests(folder: URL): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return listTests(new URL(`${name}/`, folder));
    return name.endsWith("_test.ts") ? [new URL(name, folder).href] : [];
  }).sort();
}

/** Tells whether a module, or one that it imports, matches a pattern. Reads each module once. */
export class Matcher {
  readonly #pattern: RegExp;
  /** The answers so far. A module that is being read counts as no match, which ends cycles. */
  readonly #known = new Map<string, boolean>();

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  matches(url: string): boolean {
    const found = this.#known.get(url);
    if (found !== undefined) return found;
    this.#known.set(url, false);
    if (!url.endsWith(".ts")) return false;
    const code = Deno.readTextFileSync(new URL(url));
    const imported = Array.from(code.matchAll(IMPORTED), ([, path = ""]) => new URL(path, url).href);
    const matches = this.#pattern.test(code) || imported.some((target) => this.matches(target));
    this.#known.set(url, matches);
    return matches;
  }
}

/** Divides files into as many parts: each gets files of all folders, and so a like share of the work. */
export function divide(files: readonly string[], parts: number): string[][] {
  return Array.from({ length: parts }, (_, part) => files.filter((_, index) => index % parts === part));
}

/** Writes a module for each part, which imports its files. `deno test` runs the modules of a folder by their names. */
export async function writeParts(parts: readonly (readonly string[])[], directory: string): Promise<void> {
  for (const [index, files] of parts.entries()) {
    const imports = files.map((url) => `import ${JSON.stringify(url)};\n`);
    await Deno.writeTextFile(`${directory}/part_${String(index + 1).padStart(3, "0")}_test.ts`, imports.join(""));
  }
}
