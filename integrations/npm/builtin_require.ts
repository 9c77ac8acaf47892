/**
 * Replaces the `require` that `deno bundle` gives packages in CommonJS: it loads `node:module`, which would take a tenth of
 * each start. The packages ask for modules of Node only, as all others are in the bundle. Run by `deno task package`.
 */

/** As Deno 2.9.6 writes it, once in a program. */
const REQUIRE = /import \{ createRequire as (\w+) \} from "node:module";\nvar __require = \1\(import\.meta\.url\);\n/g;

const BUILTIN_REQUIRE = "var __require = (name) => process.getBuiltinModule(name);\n";

/** What packages ask for. */
const ASKED = /\b__require\("([^"]*)"\)/g;

const [program, ...rest] = Deno.args;
if (program === undefined || rest.length > 0) {
  throw new Error("Cannot replace require: name the directory of the program");
}

let count = 0;
for (const { name } of Deno.readDirSync(program)) {
  const file = `${program}/${name}`;
  const text = Deno.readTextFileSync(file);
  const foreign = Array.from(text.matchAll(ASKED), ([, asked = ""]) => asked).filter((asked) => !/^node:/.test(asked));
  if (foreign.length > 0) throw new Error(`Cannot replace require, as ${name} asks for ${foreign.join(", ")}`);
  count += Array.from(text.matchAll(REQUIRE)).length;
  Deno.writeTextFileSync(file, text.replaceAll(REQUIRE, BUILTIN_REQUIRE));
}
if (count !== 1) throw new Error(`Cannot replace require: it is there ${count} times, not once`);
