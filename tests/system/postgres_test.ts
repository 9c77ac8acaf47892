/** Shows that servers of several clients share a plan in PostgreSQL, over TLS and with a password where that is wanted. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Database } from "../../src/store/postgres/database.ts";
import { type Cluster, testOnPostgres } from "../support/postgres.ts";
import { missingCommand, testUnless } from "../support/needs.ts";
import { runCommand, start } from "../support/database_program.ts";
import { SOURCES } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const missingOpenssl = await missingCommand("openssl", ["version"]);

async function ask(cluster: Cluster, ...statements: readonly string[]): Promise<void> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  for (const statement of statements) await connection.run(statement);
  connection.destroy();
}

testOnPostgres("servers on a database", (cluster) => {
  Deno.test("clients of several servers share a plan, and a claim that waits gets what another one makes", async () => {
    const options = { url: `postgres://test@127.0.0.1:${cluster().port}/postgres`, project: "shared" };
    await using one = await start(options);
    await using two = await start(options);
    const waiting = two.ask<{ id: string }>("get_next_task", { instance_id: "bob", wait_ms: 30_000 });
    await one.ask("create_task", { id: "a", description: "do a" });
    assertEquals((await waiting).id, "a");
    await two.ask("complete_task", { task_id: "a", instance_id: "bob", result: "done" });
    await one.ask("create_task", { id: "b", description: "do b", dependencies: ["a"] });
    await two.kill();
    await using three = await start(options);
    assertEquals((await three.ask<{ id: string }>("get_next_task", { instance_id: "cem" })).id, "b");
    const { code, stdout } = await runCommand(options, "verify");
    assertEquals([code, stdout.trim().endsWith("OK")], [0, true]);
    const doctor = await runCommand(options, "doctor", "--verify");
    assertStringIncludes(doctor.stdout, "OK: nothing to do");
    assertStringIncludes(doctor.stdout, "Note: No commit waits for a standby");
    const { processes, ok } = JSON.parse((await runCommand(options, "doctor", "--json")).stdout);
    const clients = processes.filter(({ isLive }: { isLive: boolean }) => isLive);
    assertEquals([ok, clients.length], [true, 3]);
  });

  Deno.test("what is missing is said, and what works on files only is refused", async () => {
    const options = { url: `postgres://test@127.0.0.1:${cluster().port}/postgres`, project: "none" };
    await using directory = await temporaryDirectory();
    const list = `${directory.path}/plan.md`;
    await Deno.writeTextFile(list, "- [ ] a\n");
    const permissions = [`--allow-read=${list}`];
    const check = await runCommand({ ...options, permissions }, "import", list, "--from", "markdown");
    assertEquals([check.code, check.stderr], [0, ""]);
    assertStringIncludes(check.stdout, "Nothing was changed");
    const absent = await runCommand(options, "status");
    assertEquals(absent.code, 1);
    assertStringIncludes(absent.stderr, "There is no project none in this database");
    const port = await runCommand({ ...options, url: "postgres://test@127.0.0.1:1/postgres" }, "status");
    assertStringIncludes(port.stderr, "Cannot connect to PostgreSQL at 127.0.0.1:1");
    const elsewhere = `${options.url}?host=db.example.com&sslrootcert=/ca.pem`;
    const denied = await runCommand({ ...options, url: elsewhere }, "status");
    assertStringIncludes(denied.stderr, "--allow-net=db.example.com:5432 --allow-env=PGAPPNAME,PGPASSWORD");
    assertStringIncludes(denied.stderr, "--allow-read=/ca.pem");
    const database = await runCommand({ ...options, url: options.url.replace("/postgres", "/absent") }, "status");
    assertStringIncludes(database.stderr, 'database "absent" does not exist');
    const backup = await runCommand(options, "backup", "copy");
    assertStringIncludes(backup.stderr, "Cannot run backup on a plan in PostgreSQL: use pg_dump");
  });

  Deno.test("a refused first command makes no project", async () => {
    const options = { url: `postgres://test@127.0.0.1:${cluster().port}/postgres`, project: "refused" };
    await using directory = await temporaryDirectory();
    const plan = `${directory.path}/plan.json`;
    await Deno.writeTextFile(
      plan,
      '{"a": {"id": "a", "description": "A", "status": "pending", "dependencies": ["b"]}}',
    );
    const refused = [
      ["add", "Write docs", "--after", "b"],
      ["call", "complete_task", '{"task_id": "a", "instance_id": "x", "result": "r"}'],
      ["token", "issue", "--name", "..", "--role", "worker"],
      ["import", plan],
      ["--as", "token"],
      // These make no plan, so that a misspelt name is noticed.
      ["next"],
      ["done", "a", "r"],
      ["open"],
      ["pause", "--reason", "r"],
      ["token", "revoke", "x"],
      ["webhook", "remove", "x"],
    ];
    const permissions = [`--allow-read=${plan}`, "--allow-env=ORCHESTRATOR_TOKEN"];
    for (const command of refused) {
      const env = command[0] === "--as" ? { ORCHESTRATOR_TOKEN: `orc_${"a".repeat(43)}` } : {};
      assertEquals((await runCommand({ ...options, permissions, env }, ...command)).code, 1, command.join(" "));
      const { stderr } = await runCommand(options, "status");
      assertStringIncludes(stderr, "There is no project refused in this database", command.join(" "));
    }
    assertEquals((await runCommand(options, "add", "Write docs")).code, 0);
    assertStringIncludes((await runCommand(options, "status")).stdout, "write-docs");
  });

  testUnless(missingOpenssl, "a user with a password, over TLS, needs no more rights than the docs list")(async () => {
    await using directory = await temporaryDirectory();
    const ca = `${directory.path}/server.crt`;
    await makeCertificate(directory.path, cluster());
    await ask(
      cluster(),
      "create role secured login password 'p w:1'",
      ...await documentedRights("secured"),
    );
    const url = `postgres://secured@localhost:${cluster().port}/postgres?sslrootcert=${ca}&sslmode=verify-full`;
    const options = { url, project: "secured", permissions: [`--allow-read=${ca}`], env: { PGPASSWORD: "p w:1" } };
    {
      await using server = await start(options);
      await server.ask("create_task", { id: "a", description: "do a" });
    }
    {
      const permissions = [`--allow-read=${[ca, ...SOURCES].join(",")}`];
      await using server = await start({ ...options, permissions, args: ["--toolsets", "core,analytics"] });
      await until("only its own connection", async () => (await connectionsOf("secured", cluster())).length === 1);
      assertEquals((await server.ask<{ remaining: number }>("analyze_plan", {})).remaining, 1);
      const during = await connectionsOf("secured", cluster());
      assertEquals([during.length, during.every(({ ssl }) => ssl)], [2, true]);
    }
    const wrong = await runCommand({ ...options, env: { PGPASSWORD: "hidden" } }, "status");
    assertStringIncludes(wrong.stderr, "password authentication failed");
    assert(!wrong.stderr.includes("hidden"));
    const untrusted = await runCommand({ ...options, url: url.replace(/\?.*/, "?sslmode=verify-full") }, "status");
    assertStringIncludes(untrusted.stderr, "Cannot connect to PostgreSQL at localhost");
    const byAddress = await runCommand({ ...options, url: url.replace("localhost", "127.0.0.1") }, "status");
    assertEquals([byAddress.code, byAddress.stderr], [0, ""]);
    const otherAddress = await runCommand({ ...options, url: url.replace("localhost", "127.0.0.2") }, "status");
    assertStringIncludes(otherAddress.stderr, "Cannot connect to PostgreSQL at 127.0.0.2");
    assertStringIncludes(otherAddress.stderr.toLowerCase(), "cert");
    const file = `${directory.path}/passwords`;
    await Deno.writeTextFile(file, "*:*:*:secured:p w\\:1\n", { mode: 0o640 });
    const withFile = {
      ...options,
      url: `${url}&passfile=${file}`,
      permissions: [`--allow-read=${ca},${file}`],
      env: {},
    };
    const open = await runCommand(withFile, "status");
    assertStringIncludes(open.stderr, `(mode 640): run chmod 600 ${file}`);
    await Deno.chmod(file, 0o600);
    assertEquals((await runCommand(withFile, "status")).code, 0);
    {
      const permissions = [`--allow-read=${[ca, file, ...SOURCES].join(",")}`];
      await using server = await start({ ...withFile, permissions, args: ["--toolsets", "core,analytics"] });
      await server.ask("get_task_status", {});
      const kept = [ca, file].map((path) => [path, `${path}.kept`] as const);
      for (const [path, aside] of kept) await Deno.rename(path, aside);
      // The worker makes its connection now.
      assertEquals((await server.ask<{ remaining: number }>("analyze_plan", {})).remaining, 1);
      for (const [path, aside] of kept) await Deno.rename(aside, path);
    }
    const plain = await runCommand({ ...options, url: url.replace(/\?.*/, "?sslmode=disable") }, "status");
    assertStringIncludes(plain.stderr, "no encryption");
  });
});

/** The connections of a user, and whether each is encrypted. */
async function connectionsOf(user: string, cluster: Cluster): Promise<readonly { readonly ssl: boolean }[]> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  const { rows } = await connection.run<{ ssl: boolean }>(
    "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where usename = $1",
    [user],
  );
  connection.destroy();
  return rows;
}

/** The statements of docs/postgresql.md that give a user all rights that it needs. */
async function documentedRights(user: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(new URL("../../docs/postgresql.md", import.meta.url));
  const statements = text.match(/^grant .*(?= to agents;$)/gm) ?? [];
  assert(statements.length > 5);
  return statements.map((statement) => `${statement} to ${user}`);
}

/** Has the server speak TLS with a certificate for localhost, and let the user `secured` in only so. */
async function makeCertificate(directory: string, cluster: Cluster): Promise<void> {
  const { success } = await new Deno.Command("openssl", {
    args: ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"].concat(
      [
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout",
        `${directory}/server.key`,
        "-out",
        `${directory}/server.crt`,
      ],
    ),
    stdout: "null",
    stderr: "null",
  }).output();
  assert(success);
  for (const name of ["server.key", "server.crt"]) {
    await cluster.write(name, await Deno.readTextFile(`${directory}/${name}`));
  }
  await cluster.write("pg_hba.conf", "hostssl all secured all scram-sha-256\nhost all test all trust\n");
  await ask(cluster, "alter system set ssl = on", "alter system set listen_addresses = 'localhost,127.0.0.2'");
  await cluster.control("restart");
}
