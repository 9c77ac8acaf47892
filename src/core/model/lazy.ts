/**
 * Makes a value when it is first asked for, and keeps it. For schemas and modules: each takes up to a few milliseconds, and a
 * start needs few of them.
 */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
