/** Shows how the address of a database is read, and what is refused. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { findPassword, isGuarded } from "../../../src/store/postgres/password_file.ts";
import { parseStoreUrl } from "../../../src/store/postgres/store_url.ts";

const local = { type: "tcp", host: "localhost", port: 5432 } as const;

Deno.test("an address names hosts, user and database, and protects what leaves the machine", () => {
  assertEquals(parseStoreUrl("postgres://me@localhost/plans"), {
    hosts: [local],
    user: "me",
    database: "plans",
    sslMode: "disable",
  });
  assertEquals(parseStoreUrl("postgresql://me%40work@a:1,b/my%20plans?sslrootcert=/ca.pem"), {
    hosts: [{ type: "tcp", host: "a", port: 1 }, { type: "tcp", host: "b", port: 5432 }],
    user: "me@work",
    database: "my plans",
    sslMode: "verify-full",
    rootCertificate: "/ca.pem",
  });
  assertEquals(parseStoreUrl("postgres://me@[::1]:7/plans?sslmode=require").hosts, [{
    type: "tcp",
    host: "::1",
    port: 7,
  }]);
  assertEquals(parseStoreUrl("postgres://me@/plans?host=/run/postgresql&port=5433&passfile=/p"), {
    hosts: [{ type: "unix", path: "/run/postgresql/.s.PGSQL.5433" }],
    user: "me",
    database: "plans",
    sslMode: "disable",
    passwordFile: "/p",
  });
});

Deno.test("what is wrong with an address is said, with what would work", () => {
  const cases = [
    ["postgres://me@h", "does not have the form postgres://user@host/database"],
    ["postgres://me@h/d#x", "does not have the form"],
    ["postgres://h/d", "names no user"],
    ["postgres://me@h/", "names no database"],
    ["postgres://me@/d", "names no host"],
    ["postgres://me@h:x/d", "x is no port"],
    ["postgres://me@h:65536/d", "65536 is no port"],
    ["postgres://me@h/d?sslmode=prefer", "there are disable, require, verify-full"],
    ["postgres://me@h/d?sslmode=require&sslrootcert=/ca.pem", "say sslmode=verify-full"],
    ["postgres://me@localhost/d?sslrootcert=/ca.pem", "sslmode is disable"],
    ["postgres://me@h/d?options=-c", "there are host, port, sslmode"],
    ["postgres://me@h/d?target_session_attrs=any", "leave it out"],
    ["postgres://me@h/%", "not percent-encoded"],
  ] as const;
  for (const [url, message] of cases) {
    const refusal = assertThrows(() => parseStoreUrl(url), Refusal);
    assert(refusal.message.includes(message), `${url}: ${refusal.message}`);
  }
});

Deno.test("a password in an address is refused, and told nowhere", () => {
  const refusal = assertThrows(() => parseStoreUrl("postgres://me:hidden@h/d"), Refusal);
  assert(refusal.message.includes("PGPASSWORD") && !refusal.message.includes("hidden"), refusal.message);
});

Deno.test("a password file is read as PostgreSQL's own programs read it", () => {
  const url = parseStoreUrl("postgres://me@h:1/d?sslmode=disable");
  const file = [
    "# h:1:d:me:no",
    "other:1:d:me:no",
    "h:2:d:me:no",
    "h:1:d:you:no",
    "*:*:*:me:a\\:b\\\\c",
    "h:1:d:me:late",
  ];
  assertEquals(findPassword(file.join("\n"), url), "a:b\\c");
  assertEquals(findPassword("h:1:x:me:no\n\n", url), undefined);
  const socket = parseStoreUrl("postgres://me@/d?host=/run");
  assertEquals(findPassword("localhost:5432:d:me:yes", socket), "yes");
});

Deno.test("files that container engines and systemd give to one service need no mode", () => {
  assertEquals(isGuarded("/run/secrets/pgpass"), true);
  assertEquals(isGuarded("/run/credentials/mcp-orchestrator.service/pgpass"), true);
  assertEquals(isGuarded("/run/secrets/../../home/me/.pgpass"), false);
  assertEquals(isGuarded("/home/me/.pgpass"), false);
});
