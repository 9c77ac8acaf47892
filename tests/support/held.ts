/**
 * Reads what objects hold in their fields, private ones included, through the inspector of the runtime. Needs the
 * permission `sys`.
 */

import { type Runtime, Session } from "node:inspector/promises";

/** How deep to look into an object: deeper values belong to other objects. */
const MAX_DEPTH = 7;

/** `Map(2)`, `Set(0)`, `Array(3)`: how the inspector describes a collection. */
const COLLECTION = /^(?:Map|Set|Array)\((\d+)\)$/;

/**
 * The size of each field that can be reached from the named objects: the number of entries of a map, set or array; 1 for
 * another object. Empty, undefined and primitive values and functions are left out, as are the fields named in `apart`.
 */
export async function heldBy(
  objects: Readonly<Record<string, object>>,
  apart: ReadonlySet<string>,
): Promise<Readonly<Record<string, number>>> {
  const session = new Session();
  session.connect();
  const shown = Symbol.for("shown to the inspector");
  try {
    Object.assign(globalThis, { [shown]: objects });
    const expression = `globalThis[Symbol.for(${JSON.stringify(shown.description)})]`;
    const { result } = await session.post("Runtime.evaluate", { expression });
    const held: Record<string, number> = {};
    await look(session, result, { path: "", depth: 0, held, apart });
    return held;
  } finally {
    Reflect.deleteProperty(globalThis, shown);
    session.disconnect();
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly held: Record<string, number>;
  readonly apart: ReadonlySet<string>;
}

async function look(session: Session, value: Runtime.RemoteObject, { path, depth, held, apart }: Place): Promise<void> {
  if (value.objectId === undefined || value.type !== "object") return;
  const [, size] = COLLECTION.exec(value.description ?? "") ?? [];
  if (depth > 1 && size !== "0") held[path] = Number(size ?? 1);
  if (size !== undefined || depth === MAX_DEPTH) return;
  const { objectId } = value;
  const { result, ...more } = await session.post("Runtime.getProperties", { objectId, ownProperties: true });
  // The declared type lacks `privateProperties`, which the protocol has.
  const { privateProperties = [] } = more as { readonly privateProperties?: typeof result };
  for (const { name, value } of [...result, ...privateProperties]) {
    if (value === undefined || apart.has(name)) continue;
    await look(session, value, { path: `${path} ${name}`.trim(), depth: depth + 1, held, apart });
  }
}
