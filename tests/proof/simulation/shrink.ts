/** Makes a failing plan smaller, as long as it still fails: fewer faults, fewer processes, fewer calls. */

/** What a plan has of which there can be less. */
export interface Shrinkable {
  readonly workers: number;
  readonly calls: number;
  readonly faults: readonly { readonly at: number }[];
}

/** Most plans that are tried. */
const MAX_TRIES = 300;

/** Resolves to the smallest plan found for which `fails` resolves to true, which it does for `plan`. */
export async function shrink<P extends Shrinkable>(plan: P, fails: (plan: P) => Promise<boolean>): Promise<P> {
  let smallest = plan;
  let tries = 0;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const smaller of smallerThan(smallest)) {
      if (++tries > MAX_TRIES) return smallest;
      if (!await fails(smaller)) continue;
      smallest = smaller;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan<P extends Shrinkable>(plan: P): Iterable<P> {
  for (let index = 0; index < plan.faults.length; index++) yield { ...plan, faults: plan.faults.toSpliced(index, 1) };
  if (plan.workers > 1) yield { ...plan, workers: plan.workers - 1 };
  for (const calls of new Set([Math.ceil(plan.calls / 2), plan.calls - 1])) {
    if (calls > 0 && calls < plan.calls) yield { ...plan, calls };
  }
  for (const [index, fault] of plan.faults.entries()) {
    for (const at of [Math.ceil(fault.at / 2), fault.at - 1]) {
      if (at > 0 && at < fault.at) yield { ...plan, faults: plan.faults.with(index, { ...fault, at }) };
    }
  }
}
