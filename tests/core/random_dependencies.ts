/** Random dependency expressions over given tasks and groups. */

import fc from "fast-check";
import type { Dependency, Outcome } from "../../src/core/model/dependency.ts";
import { OUTCOMES } from "../../src/core/model/dependency.ts";
import { CONDITIONS } from "./naive_dependencies.ts";

export interface Names {
  readonly tasks: readonly string[];
  readonly groups: readonly string[];
}

/** A few dependencies, most of them simple. None at all over no names. */
export function dependenciesOver(names: Names): fc.Arbitrary<readonly Dependency[]> {
  const { tasks, groups } = names;
  if (tasks.length + groups.length === 0) return fc.constant([]);
  return fc.array(fc.oneof({ depthSize: "small", maxDepth: 3 }, leaf(names), leaf(names), branch(names, 2)), {
    maxLength: 3,
  });
}

function leaf({ tasks, groups }: Names): fc.Arbitrary<Dependency> {
  const on = fc.constantFrom<(Outcome | undefined)[]>(...OUTCOMES, undefined, undefined);
  const leaves: fc.Arbitrary<Dependency>[] = [];
  if (tasks.length > 0) {
    const task = fc.constantFrom(...tasks);
    leaves.push(
      task,
      fc.tuple(task, on).map(([task, on]) => (on === undefined ? { task } : { task, on })),
      fc.tuple(task, fc.constantFrom(...CONDITIONS)).map(([task, { when }]) => ({ task, when })),
    );
  }
  if (groups.length > 0) {
    const group = fc.tuple(fc.constantFrom(...groups), on).map(([group, on]) =>
      on === undefined ? { group } : { group, on }
    );
    leaves.push(group, fc.tuple(group, atLeast(2)).map(([of, at_least]) => ({ at_least, of })));
  }
  return fc.oneof(...leaves);
}

function branch(names: Names, depth: number): fc.Arbitrary<Dependency> {
  const part = depth === 0 ? leaf(names) : fc.oneof(leaf(names), branch(names, depth - 1));
  const parts = fc.array(part, { minLength: 1, maxLength: 4 });
  return fc.oneof(
    parts.map((any): Dependency => ({ any })),
    parts.map((all): Dependency => ({ all })),
    parts.chain((of) => atLeast(of.length).map((at_least): Dependency => ({ at_least, of }))),
  );
}

/** A number up to `most`, or a share. */
function atLeast(most: number): fc.Arbitrary<number | string> {
  return fc.oneof(fc.integer({ min: 1, max: most }), fc.constantFrom("1%", "33.3%", "50%", "66.7%", "100%"));
}
