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
  readonly #modules = new Map<string, Module>();
  /** The answers so far. */
  readonly #known = new Map<string, boolean>();

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  matches(url: string): boolean {
    // A module is met once, however many import it, also in a cycle.
    const met = new Set([url]);
    for (const each of met) {
      const known = this.#known.get(each);
      if (known === false) continue;
      const { isMatch, imports } = this.#read(each);
      if (known === true || isMatch) {
        this.#known.set(url, true);
        return true;
      }
      for (const target of imports) met.add(target);
    }
    // What these import has been met, too.
    for (const each of met) this.#known.set(each, false);
    return false;
  }

  #read(url: string): Module {
    const read = this.#modules.get(url);
    if (read !== undefined) return read;
    const code = url.endsWith(".ts") ? Deno.readTextFileSync(new URL(url)) : "";
    const imports = Array.from(code.matchAll(IMPORTED), ([, path = ""]) => new URL(path, url).href);
    const module = { isMatch: this.#pattern.test(code), imports };
    this.#modules.set(url, module);
    return module;
  }
}

interface Module {
  readonly isMatch: boolean;
  readonly imports: readonly string[];
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
