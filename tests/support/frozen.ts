/** Freezes values, so that changing them throws: snapshots and records share values with the state. */

/** Freezes a value at every depth and returns it. Frozen parts are not visited again. */
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
