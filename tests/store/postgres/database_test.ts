/** Shows how a connection is found among several hosts, and that none is made once it is not wanted any more. */

import { assertEquals, assertRejects } from "@std/assert";
import { type Address, Database, Line } from "../../../src/store/postgres/database.ts";
import type { Connection, Open } from "../../../src/store/postgres/driver.ts";
import { ConnectionLost } from "../../../src/store/postgres/errors.ts";

const ADDRESS: Address = {
  hosts: [{ type: "tcp", host: "db1", port: 5432 }, { type: "tcp", host: "db2", port: 5432 }],
  user: "test",
  password: undefined,
  database: "plans",
  tlsOf: () => undefined,
};

class FakeConnection implements Connection {
  isLost = false;

  run(): Promise<never> {
    return Promise.reject(new Error("no server"));
  }

  takeUnreplicated(): boolean {
    return false;
  }

  destroy(): void {
    this.isLost = true;
  }
}

/** A database whose hosts fail with error codes, in turn; without one, they accept. */
function failing(codes: readonly (string | undefined)[]) {
  const tried: string[] = [];
  const open: Open = ({ host }) => {
    const code = codes[tried.length];
    tried.push(host.type === "tcp" ? host.host : host.path);
    return code === undefined ? Promise.resolve(new FakeConnection()) : Promise.reject(new ConnectionLost(code, code));
  };
  return { tried, database: new Database({ address: ADDRESS, now: Date.now, open }) };
}

Deno.test("a host whose name is gone, as that of a container that is down, does not keep others from being tried", async () => {
  const { tried, database } = failing(["ENOTFOUND"]);
  await database.connect();
  await database.connect();
  assertEquals(tried, ["db1", "db2", "db2"]);
});

Deno.test("a name that is gone is waited for, as a server that is away", async () => {
  const { tried, database } = failing(["ECONNREFUSED", "ENOTFOUND", "ENOTFOUND", "ENOTFOUND"]);
  await database.connect();
  assertEquals(tried, ["db1", "db2", "db1", "db2", "db1"]);
});

Deno.test("a wrong password is told at once", async () => {
  const { tried, database } = failing(["28P01"]);
  await assertRejects(() => database.connect(), ConnectionLost, "28P01");
  assertEquals(tried, ["db1"]);
});

Deno.test("a line that is closed while it looks at its lost connection makes no other one", async () => {
  const { tried, database } = failing([]);
  const line = new Line(database);
  (await line.connection()).destroy();
  const late = line.connection();
  await Promise.all([line.close(), assertRejects(() => late, ConnectionLost, "closed")]);
  assertEquals(tried, ["db1"]);
});
