/**
 * Dependencies that a plan implies, like those of a task on its parts. Programs that do not enforce them have plans in which
 * some of them would close a cycle; these are left out.
 */

/** Who depends on whom, by names. A loop that was named stays, and is refused when the plan is imported. */
export class DependencyGraph {
  readonly #next = new Map<string, Set<string>>();

  /** Adds a dependency that the plan names. */
  add(from: string, to: string): void {
    const next = this.#next.get(from) ?? new Set();
    this.#next.set(from, next.add(to));
  }

  /** Adds a dependency that the plan implies, and returns true, unless it would close a cycle. O(what `to` depends on). */
  addImplied(from: string, to: string): boolean {
    if (this.#reaches(to, from)) return false;
    this.add(from, to);
    return true;
  }

  #reaches(start: string, goal: string): boolean {
    const seen = new Set([start]);
    // A set is iterated in the order of insertion, with what is added meanwhile.
    for (const each of seen) {
      if (each === goal) return true;
      for (const next of this.#next.get(each) ?? []) seen.add(next);
    }
    return false;
  }
}
