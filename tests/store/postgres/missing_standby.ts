/** A PostgreSQL whose commits wait for a standby that is not there. */

import type { Database } from "../../../src/store/postgres/database.ts";
import { until } from "../../support/until.ts";

/** Resolves when commits wait; they do so until what it resolves to is disposed. */
export async function missStandby(database: Database): Promise<AsyncDisposable> {
  const [admin, writer] = [await database.connect(), await database.connect()];
  await writer.run("create table if not exists public.probes (n int)");
  const probe = () => writer.run("insert into public.probes values (1)");
  let probing: Promise<unknown> | undefined;
  const setStandbys = async (names: string) => {
    await admin.run(`alter system set synchronous_standby_names = '${names}'`);
    await admin.run("select pg_reload_conf()");
  };
  const end = async () => {
    await setStandbys("");
    await probing;
    for (const each of [admin, writer]) each.destroy();
  };
  await setStandbys("nobody");
  try {
    // Some time after new sessions see the setting: a process of the server must have read it.
    await until("commits to wait for the standby", async () => {
      // A test may cancel the wait.
      probing ??= Promise.allSettled([probe()]).finally(() => probing = undefined);
      return (await admin.run("select from pg_stat_activity where wait_event = 'SyncRep'")).count > 0;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { [Symbol.asyncDispose]: end };
}
