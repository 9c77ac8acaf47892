/** Runs a program of a client's package to its end. */

import { execFile } from "node:child_process";

const TIMEOUT_MS = 90_000;

/** Resolves to `{code, output, log}`. */
export function run(name, args) {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(`node_modules/.bin/${name}`, args, options, (error, output, log) => {
      resolve({ code: error === null ? 0 : error.code ?? 1, output, log });
    });
    child.stdin.end();
  });
}
