/** Copies a dependency with other ids in it. */

import { type Dependency, type GroupDependency, isList, type ResultCondition } from "./dependency.ts";

export interface DependencyMap {
  readonly task: (id: string) => string;
  readonly group: (id: string) => string;
  /** Default: conditions stay as they are. */
  readonly when?: (condition: ResultCondition) => ResultCondition;
}

/** The dependency with its ids and conditions replaced, at any depth. */
export function mapDependency(dependency: Dependency, map: DependencyMap): Dependency {
  if (typeof dependency === "string") return map.task(dependency);
  if ("task" in dependency) {
    const { task, when } = dependency;
    return { ...dependency, task: map.task(task), ...(when && map.when && { when: map.when(when) }) };
  }
  if ("group" in dependency) return mapGroup(dependency, map);
  const mapPart = (part: Dependency) => mapDependency(part, map);
  if ("any" in dependency) return { any: dependency.any.map(mapPart) };
  if ("all" in dependency) return { all: dependency.all.map(mapPart) };
  const { at_least, of } = dependency;
  return { at_least, of: isList(of) ? of.map(mapPart) : mapGroup(of, map) };
}

function mapGroup(dependency: GroupDependency, { group }: DependencyMap): GroupDependency {
  return { ...dependency, group: group(dependency.group) };
}
