/**
 * Makes many checks of one command and throws all their refusals as one, so that the caller can correct everything at
 * once. Its code, and the start of its message, are those of the first one.
 */

import { MAX_COUNTED_FAULTS, MAX_FAULT_CHARACTERS, MAX_FAULTS } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { eachOnce } from "./remedies.ts";
import { shortened } from "./text.ts";

/**
 * Checks each item, up to `MAX_COUNTED_FAULTS` faults.
 *
 * @throws Refusal of the only fault as it is, or one that names the first `MAX_FAULTS`
 */
export function checkEach<T>(items: Iterable<T>, check: (item: T) => void): void {
  const faults = new Faults();
  for (const item of items) {
    faults.note(() => check(item));
    if (faults.count >= MAX_COUNTED_FAULTS) break;
  }
  faults.throw();
}

/** Makes all checks, as `checkEach` does. */
export function checkAll(...checks: readonly (() => unknown)[]): void {
  checkEach(checks, (check) => check());
}

/** Throws the refusals as one; without effect if there are none. */
export function throwAll(refusals: readonly Refusal[]): void {
  checkEach(refusals, (refusal) => {
    throw refusal;
  });
}

/** Several refusals of one command. In a further collection, each counts for itself. */
class Refusals extends Refusal {
  /** @param first the first `MAX_FAULTS` of `count` refusals, at least two */
  constructor(readonly first: readonly [Refusal, ...Refusal[]], readonly count: number) {
    const { code, message, data } = first[0];
    super(code, `${message}. ${describeOthers(first, count)}`, {
      ...data,
      faults: first.map(({ code, message, data }) => ({
        code,
        message: shortened(message, MAX_FAULT_CHARACTERS),
        data,
      })),
      fault_count: count,
    }, eachOnce(first.flatMap(({ remedies }) => remedies)));
  }
}

class Faults {
  readonly #first: Refusal[] = [];
  count = 0;

  /** Keeps the refusal that a check throws. */
  note(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { first, count } = error instanceof Refusals ? error : { first: [error], count: 1 };
      this.#first.push(...first.slice(0, MAX_FAULTS - this.#first.length));
      this.count += count;
    }
  }

  throw(): void {
    const [refusal, ...others] = this.#first;
    if (refusal === undefined) return;
    throw others.length === 0 ? refusal : new Refusals([refusal, ...others], this.count);
  }
}

function describeOthers([_, ...others]: readonly Refusal[], count: number): string {
  const atLeast = count >= MAX_COUNTED_FAULTS ? "at least " : "";
  const more = count - 1 === 1 ? "1 more fault" : `${atLeast}${count - 1} more faults`;
  const which = count - 1 > others.length ? `, of which the first ${others.length} are` : "";
  return `${more}${which}: ${
    others.map(({ message }, index) => `(${index + 2}) ${shortened(message, MAX_FAULT_CHARACTERS)}`).join("; ")
  }`;
}
