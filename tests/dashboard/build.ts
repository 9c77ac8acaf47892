/**
 * Builds the dashboard: bundles src/dashboard into the files of src/dashboard/assets, which the server sends. They are
 * committed, so that users build nothing; the digest beside them tells whether they are those of the present sources.
 */

import { fileURLToPath } from "node:url";
import { cssVariables, DARK, LIGHT } from "../../src/dashboard/plan/palette.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = `${ROOT}src/dashboard`;
const ASSETS = `${SOURCES}/assets`;
const DIGEST = `${ASSETS}/sources.sha256`;

/** The bundled files by their entry points. Scripts that are no modules (`iife`) share no names. */
const ENTRIES = [
  { from: "start.ts", to: "start.js", format: "iife" },
  { from: "main.tsx", to: "app.js", format: "iife" },
  { from: "app.css", to: "app.css", format: "esm" },
  { from: "plan/layout_worker.ts", to: "layout_worker.js", format: "iife" },
  { from: "ui/markdown_reader.ts", to: "markdown_reader.js", format: "esm" },
] as const;

/** The digest of everything that the assets are made of, in hexadecimal. */
export async function digestOfSources(): Promise<string> {
  const lines: string[] = [];
  for (const path of (await filesIn(SOURCES)).sort()) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    lines.push(`${new Uint8Array(digest).toHex()}  ${path.slice(SOURCES.length + 1)}\n`);
  }
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("")));
  return new Uint8Array(all).toHex();
}

/** The digest of the sources that the assets were made of. */
export async function digestOfAssets(): Promise<string> {
  return (await Deno.readTextFile(DIGEST)).trim();
}

/** The colours of the palette as a style sheet: those of the scheme that the system has, or that the user chose. */
export function paletteSheet(): string {
  const dark = new Map(cssVariables(DARK));
  const lines = cssVariables(LIGHT).map(([name, value]) => `  ${name}: light-dark(${value}, ${dark.get(name)});\n`);
  return [
    "/* Made by deno task dashboard of plan/palette.ts. */",
    `:root {\n  color-scheme: light dark;\n${lines.join("")}}\n`,
    ...["light", "dark"].map((scheme) => `:root[data-theme="${scheme}"] {\n  color-scheme: ${scheme};\n}\n`),
  ].join("\n");
}

/** The files that the assets are made of. */
async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) paths.push(...(path === ASSETS ? [`${ASSETS}/index.html`] : await filesIn(path)));
    else if (/\.(ts|tsx|css|json|lock)$/.test(name)) paths.push(path);
  }
  return paths;
}

async function build(): Promise<void> {
  await Deno.writeTextFile(`${SOURCES}/styles/palette.css`, paletteSheet());
  for (const { from, to, format } of ENTRIES) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--config", `${SOURCES}/deno.json`, "--minify", "--platform", "browser"].concat(
        ["--format", format, "-o", `${ASSETS}/${to}`, `${SOURCES}/${from}`],
      ),
      stdout: "null",
    }).output();
    if (!success) throw new Error(`Cannot bundle ${from}: ${new TextDecoder().decode(stderr)}`);
  }
  await Deno.writeTextFile(DIGEST, `${await digestOfSources()}\n`);
}

if (import.meta.main) await build();
