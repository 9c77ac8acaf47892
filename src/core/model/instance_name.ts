/**
 * The ids of instances that gave none: the client's name and two words. After a restart of its client, an agent gets another
 * id of the same form.
 */

/** Most characters of the client's name in an id. */
const MAX_NAME_CHARACTERS = 30;

/** The id of an instance that gave none. */
export function instanceName(client: string, words: readonly [string, string]): string {
  return [clientPart(client), ...words].join("-");
}

/** Whether an id has the form of those that instances of a client get. */
export function isNamedAfter(client: string, id: string): boolean {
  const start = `${clientPart(client)}-`;
  return id.startsWith(start) && /^[a-z]+-[a-z]+$/.test(id.slice(start.length));
}

function clientPart(client: string): string {
  const name = client.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-").slice(0, MAX_NAME_CHARACTERS)
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  return name || "agent";
}
