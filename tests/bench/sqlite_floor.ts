/**
 * The same durable transactions as SQLite does them: a task is created, claimed, completed, and whatever waited for it
 * becomes ready. As a good engineer would write it: WAL with full synchronisation, prepared statements, an index of
 * just the tasks that are ready, counters instead of joins. It keeps no history, and checks nothing that isn't needed.
 */

import { DatabaseSync } from "node:sqlite";

/** What is measured. Each is one transaction of its own, or part of the one of `together`. */
export interface SqliteSteps {
  create(id: string, dependencies?: readonly string[]): void;
  /** The id of the task that has been ready for longest, which is now the instance's. */
  claim(instance: string): string | undefined;
  /** Throws if the task is not the instance's. */
  complete(id: string, instance: string, result: string): void;
}

export interface SqliteFloor extends SqliteSteps, Disposable {
  /** Carries out many steps in a single transaction. */
  together(action: (steps: SqliteSteps) => void): void;
}

/** How long a process waits for the others that write to the same file. */
const BUSY_TIMEOUT_MS = 30_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    unmet INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ready_since INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0,
    assigned_to TEXT,
    result TEXT
  );
  CREATE INDEX IF NOT EXISTS ready ON tasks (ready_since, number) WHERE status = 'pending' AND unmet = 0;
  CREATE TABLE IF NOT EXISTS dependencies (
    dependency TEXT NOT NULL,
    dependent TEXT NOT NULL,
    PRIMARY KEY (dependency, dependent)
  ) WITHOUT ROWID;
`;

/**
 * Opens a database file, with its tables, making it if it isn't there. Other processes may open the same one; as SQLite
 * doesn't wait where two processes make a file at once, let one be first.
 */
export function openSqlite(path: string): SqliteFloor {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  const transaction = transactionsOf(database);
  transaction(() => database.exec(SCHEMA));
  const steps = stepsOf(database);
  return {
    create: (id, dependencies) => transaction(() => steps.create(id, dependencies)),
    claim: (instance) => transaction(() => steps.claim(instance)),
    complete: (id, instance, result) => transaction(() => steps.complete(id, instance, result)),
    together: (action) => transaction(() => action(steps)),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Runs actions as transactions. They take the write lock at once, so that none has to begin anew. */
function transactionsOf(database: DatabaseSync): <T>(action: () => T) => T {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  return (action) => {
    begin.run();
    try {
      const answer = action();
      commit.run();
      return answer;
    } catch (error) {
      rollback.run();
      throw error;
    }
  };
}

function stepsOf(database: DatabaseSync): SqliteSteps {
  const insert = database.prepare(`
    INSERT INTO tasks (id, description, status, unmet, created_at, ready_since) VALUES (?, ?, 'pending', ?, ?, ?)
  `);
  const depend = database.prepare("INSERT INTO dependencies (dependent, dependency) VALUES (?, ?)");
  const isCompleted = database.prepare("SELECT status = 'completed' AS completed FROM tasks WHERE id = ?");
  const claim = database.prepare(`
    UPDATE tasks SET status = 'in_progress', assigned_to = ?, started_at = ?, attempt = attempt + 1
    WHERE number = (
      SELECT number FROM tasks WHERE status = 'pending' AND unmet = 0 ORDER BY ready_since, number LIMIT 1
    )
    RETURNING id
  `);
  const complete = database.prepare(`
    UPDATE tasks SET status = 'completed', result = ?, finished_at = ?
    WHERE id = ? AND status = 'in_progress' AND assigned_to = ?
  `);
  const unlock = database.prepare(`
    UPDATE tasks SET unmet = unmet - 1, ready_since = ?
    WHERE id IN (SELECT dependent FROM dependencies WHERE dependency = ?)
  `);
  return {
    create(id, dependencies = []) {
      const now = Date.now();
      const unmet = dependencies.filter((dependency) => {
        const row = isCompleted.get(dependency);
        if (row === undefined) throw new Error(`There is no task ${dependency}`);
        return row["completed"] === 0;
      }).length;
      insert.run(id, "Something to be done by an agent", unmet, now, unmet === 0 ? now : null);
      for (const dependency of dependencies) depend.run(id, dependency);
    },
    claim(instance) {
      const id = claim.get(instance, Date.now())?.["id"];
      return id === undefined ? undefined : String(id);
    },
    complete(id, instance, result) {
      const now = Date.now();
      if (complete.run(result, now, id, instance).changes !== 1) throw new Error(`${instance} does not hold ${id}`);
      unlock.run(now, id);
    },
  };
}
