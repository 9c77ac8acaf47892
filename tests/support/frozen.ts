/** Values that throw where somebody changes them, as all that snapshots and records share with the state must never be. */

/** Freezes a value and all that it holds; returns it. What is frozen already is not walked through again. */
export function frozen<T>(value: T): T {
  const toFreeze: unknown[] = [value];
  while (toFreeze.length > 0) {
    const next = toFreeze.pop();
    if (typeof next !== "object" || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const each of Object.values(next)) toFreeze.push(each);
  }
  return value;
}
