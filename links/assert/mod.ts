/**
 * The functions of `@std/assert` that this project uses, built on `node:assert/strict`, for machines that cannot reach
 * JSR. Same names, signatures and meaning. Without the `links` entry of tests/deno.json, the real package is used.
 */

import assertStrict from "node:assert/strict";

/** Thrown by every assertion of this module. */
class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless both are equal in value, deeply. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => assertStrict.deepStrictEqual(actual, expected), "Values are not equal", msg);
}

/** Fails if `actual` does not contain `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected actual: ${JSON.stringify(actual)} to contain: ${JSON.stringify(expected)}${msg ? `: ${msg}` : "."}`,
  );
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: ${JSON.stringify(actual)} to match: ${expected}${msg ? `: ${msg}` : "."}`);
}

/** Any constructor: it is only used for `instanceof`. */
type ErrorClass<E> = abstract new (...args: never[]) => E;

/** Fails unless `fn` throws an error of the class, whose message includes the text; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass?: ErrorClass<E>,
  msgIncludes = "",
): E {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    return checkError(thrown, ErrorClass, msgIncludes);
  }
  throw new AssertionError("Expected function to throw.");
}

/** Fails unless `fn` rejects with an error of the class, whose message includes the text; resolves to the error. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass?: ErrorClass<E>,
  msgIncludes = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, ErrorClass, msgIncludes);
  }
  throw new AssertionError("Expected function to reject.");
}

function checkError<E extends Error>(error: unknown, ErrorClass: ErrorClass<E> | undefined, msgIncludes: string): E {
  if (!(error instanceof Error)) throw new AssertionError(`A non-Error object was thrown: ${String(error)}`);
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${error.name}": ${error.message}`,
    );
  }
  if (!error.message.includes(msgIncludes)) {
    throw new AssertionError(
      `Expected error message to include ${JSON.stringify(msgIncludes)}, but got ${JSON.stringify(error.message)}.`,
    );
  }
  // Without a class to check against, E is Error.
  return error as E;
}

function check(assertion: () => void, what: string, msg: string | undefined): void {
  try {
    assertion();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AssertionError(`${what}${msg ? `: ${msg}` : "."}\n${message}`);
  }
}
