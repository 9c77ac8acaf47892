/**
 * Counts what is on the heap after a garbage collection, through the inspector of the runtime: so a leak shows wherever it
 * is referred to from. Needs the permission `sys`.
 */

import { type Runtime, Session } from "node:inspector/promises";

/** `Map(2)`, `Set(0)`, `Array(3)`: how the inspector describes a collection. */
const COLLECTION = /^(?:Map|Set|Array)\((\d+)\)$/;

interface Objects {
  readonly objects: Runtime.RemoteObject;
}

/** A class, by its prototype. */
export interface Class {
  readonly name: string;
  readonly prototype: object;
}

/**
 * The number of objects of each class, and the number of entries in each map, set or array in their fields, private ones
 * included, of all objects of the class together. What is 0 is left out.
 */
export async function onHeap(classes: readonly Class[]): Promise<Readonly<Record<string, number>>> {
  const session = new Session();
  session.connect();
  const shown = Symbol.for("shown to the inspector");
  const counts: Record<string, number> = {};
  const add = (what: string, count: number) => {
    if (count > 0) counts[what] = (counts[what] ?? 0) + count;
  };
  try {
    for (const { name, prototype } of classes) {
      Object.assign(globalThis, { [shown]: prototype });
      const expression = `globalThis[Symbol.for(${JSON.stringify(shown.description)})]`;
      const { result } = await session.post("Runtime.evaluate", { expression, objectGroup: name });
      const query = { prototypeObjectId: result.objectId ?? "", objectGroup: name };
      // The declared type lacks the answer, which the protocol has.
      const { objects } = await session.post("Runtime.queryObjects", query) as unknown as Objects;
      for (const { name: index, value } of await fieldsOf(session, objects)) {
        if (value?.objectId === undefined || !/^\d+$/.test(index)) continue;
        add(name, 1);
        for (const { name: field, value: held } of await fieldsOf(session, value)) {
          add(`${name} ${field}`, Number(COLLECTION.exec(held?.description ?? "")?.[1] ?? 0));
        }
      }
      // Or what was shown could not be collected.
      await session.post("Runtime.releaseObjectGroup", { objectGroup: name });
    }
    return counts;
  } finally {
    Reflect.deleteProperty(globalThis, shown);
    session.disconnect();
  }
}

/** The fields of an object, private ones included. */
async function fieldsOf(session: Session, { objectId = "" }: Runtime.RemoteObject) {
  const { result, ...more } = await session.post("Runtime.getProperties", { objectId, ownProperties: true });
  // The declared type lacks `privateProperties`, which the protocol has.
  const { privateProperties = [] } = more as { readonly privateProperties?: typeof result };
  return [...result, ...privateProperties];
}
