/** The texts of a template's preview. The server fills templates in by its own rules; this shows what comes of it. */

import type { Dependency } from "../api/types.ts";

/** Puts values in place of `{{name}}`: the given one, else the default, else the name stays. */
export function fillIn(
  text: string,
  parameters: readonly { readonly name: string; readonly default?: string }[],
  given: Readonly<Record<string, string>>,
): string {
  const usual = new Map(parameters.map((parameter) => [parameter.name, parameter.default]));
  return text.replaceAll(/\{\{\s*([\w-]+)\s*\}\}/g, (whole, name: string) => {
    return (Object.hasOwn(given, name) ? given[name] : usual.get(name)) ?? whole;
  });
}

/** What a dependency on a task asks for besides completion, as the plan writes it on an edge; "" for nothing. */
export function askOf(dependency: Dependency): string {
  const { on, when } = typeof dependency === "string" ? {} as { readonly on?: unknown; when?: unknown } : dependency;
  if (typeof when !== "object" || when === null) return typeof on === "string" && on !== "completed" ? `on ${on}` : "";
  const { pointer, ...rest } = when as Readonly<Record<string, unknown>>;
  const name = typeof pointer === "string" && pointer !== "" ? pointer.slice(1) : "result";
  const [[comparison, value] = ["exists", true]] = Object.entries(rest);
  if (comparison === "exists") return `${value === true ? "has" : "no"} ${name}`;
  return `${name} ${SIGNS[comparison] ?? comparison} ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

const SIGNS: Readonly<Record<string, string>> = {
  equals: "=",
  not_equals: "≠",
  greater_than: ">",
  less_than: "<",
};

/** A dependency in a few words. */
export function describeDependency(dependency: Dependency): string {
  if (typeof dependency === "string") return dependency;
  const { task, group, any, all, at_least, of } = dependency;
  if (typeof task === "string") {
    const ask = askOf(dependency);
    return ask === "" ? task : `${task} (${ask})`;
  }
  if (typeof group === "string") return `group ${group}`;
  const list = (parts: unknown) =>
    Array.isArray(parts) ? parts.map(describeDependency).join(", ") : describeDependency(parts as Dependency);
  if (any !== undefined) return `any of (${list(any)})`;
  if (all !== undefined) return `all of (${list(all)})`;
  return at_least === undefined ? JSON.stringify(dependency) : `at least ${at_least} of (${list(of)})`;
}
