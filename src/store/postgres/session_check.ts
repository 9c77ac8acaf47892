/**
 * Finds out whether a pooler gives the session of a connection to other clients between its transactions. Then settings,
 * notifications and prepared statements are those of others, and even answers may be.
 */

import { ConnectionLost, NEEDS_SESSIONS, SESSION_NOT_KEPT } from "./errors.ts";

/** What is needed of a connection. */
interface Session {
  run<Row>(statement: string): Promise<{ readonly rows: readonly Row[] }>;
  destroy(): void;
}

/** How often each of two connections asks: while others use the pooler, they may by chance get the same process again. */
const ROUNDS = 4;

/**
 * Asks for the process of the server, as does another connection. Sessions that are given away show in one way or another:
 * a pooler that gives the one that was used last gives it to both, and one that takes turns gives others each time.
 *
 * @throws ConnectionLost if the session is not kept
 */
export async function refuseSharedSession(connection: Session, openOther: () => Promise<Session>): Promise<void> {
  const own = new Set([await processOf(connection), await processOf(connection)]);
  const others = new Set<number | undefined>();
  const other = await orNone(openOther);
  try {
    for (let round = 0; other !== undefined && round < ROUNDS; round++) {
      others.add(await processOf(other));
      own.add(await processOf(connection));
    }
  } finally {
    other?.destroy();
  }
  if (own.size > 1 || others.size > 1 || !own.isDisjointFrom(others)) {
    throw new ConnectionLost(NEEDS_SESSIONS, SESSION_NOT_KEPT);
  }
}

/** Undefined if there is no other connection to be had: a pooler that keeps sessions may have no more of them. */
async function orNone(open: () => Promise<Session>): Promise<Session | undefined> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof ConnectionLost && error.code !== SESSION_NOT_KEPT) return undefined;
    throw error;
  }
}

async function processOf(connection: Session): Promise<number | undefined> {
  const { rows: [row] } = await connection.run<{ pid: number }>("select pg_backend_pid() as pid");
  return row?.pid;
}
