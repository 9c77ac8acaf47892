/** Shows what becomes of a message to receivers of all kinds: slow ones, liars, redirects, and those that are forbidden. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Answer, type NoAnswer, Sender } from "../../src/webhooks/sender.ts";

/** Longest exchange in milliseconds, where the answer does not come, and where its status does. */
const SHORT_MS = 300;
const TIMEOUT_MS = 2_000;

/** Longest exchange where the whole answer comes. */
const LONG_MS = 60_000;

/** What a receiver does with a connection whose request it has read. */
type Behaviour = (connection: Deno.Conn) => Promise<void> | void;

/** A receiver on this machine, and the requests that it got. */
function startReceiver(behave: Behaviour) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const open = new Set<Deno.Conn>();
  let connections = 0;
  const serve = async (connection: Deno.Conn) => {
    open.add(connection);
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
        requests.push(new TextDecoder().decode(buffer.subarray(0, count)));
        // The message is in the last packet.
        if (requests.at(-1)?.endsWith("{}") === true) await behave(connection);
      }
    } catch {
      // The sender has gone, or the receiver has closed the connection itself.
    }
  };
  const serving = (async () => {
    for await (const connection of listener) {
      connections++;
      void serve(connection);
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/hook?a=1`,
    requests,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) close(connection);
      await serving;
    },
  };
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function answering(text: string): Behaviour {
  return async (connection) => void await connection.write(new TextEncoder().encode(text));
}

async function post(
  sender: Sender,
  { id = "m", signal = new AbortController().signal } = {},
): Promise<Answer | NoAnswer> {
  const body = new TextEncoder().encode("{}");
  return await sender.post({ headers: { "content-type": "application/json", "webhook-id": id }, body }, signal);
}

function test(
  name: string,
  behave: Behaviour,
  check: (answer: Answer | NoAnswer) => void,
  timeoutMs = LONG_MS,
): void {
  Deno.test({
    name,
    permissions: { net: ["127.0.0.1"] },
    async fn() {
      await using receiver = startReceiver(behave);
      const sender = new Sender(receiver.url, { allowPrivate: true, timeoutMs });
      check(await post(sender));
      sender.close();
    },
  });
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

test("an answer has its status", answering(OK), (answer) => assertEquals(answer, { status: 200, retryAfterMs: 0 }));

test(
  "a receiver that asks for time is heard",
  answering("HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n"),
  (answer) => assertEquals(answer, { status: 503, retryAfterMs: 120_000 }),
);

test(
  "a redirect is not followed",
  answering("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
  (answer) => assertEquals(answer, { status: 302, retryAfterMs: 0 }),
);

test("a receiver that does not answer is given up", () => {}, (answer) => {
  assert("error" in answer);
  assertStringIncludes(answer.error, `no whole answer within ${SHORT_MS} ms`);
}, SHORT_MS);

test("a receiver that closes the connection has not answered", close, (answer) => assert("error" in answer));

test("what is not HTTP is no answer", answering("220 smtp ready\r\n"), (answer) => assert("error" in answer));

test(
  "a receiver that wants to speak another protocol has answered so",
  answering("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
  (answer) => assertEquals(answer, { status: 101, retryAfterMs: 0 }),
);

test(
  "of an answer that is shorter than it says, the status counts",
  async (connection) => {
    await answering("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort")(connection);
    close(connection);
  },
  (answer) => assertEquals(answer, { status: 200, retryAfterMs: 0 }),
);

test(
  "of an answer that never ends, the status counts, and the wait is bounded",
  answering("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nslow"),
  (answer) => assertEquals(answer, { status: 200, retryAfterMs: 0 }),
  TIMEOUT_MS,
);

test(
  "an answer that is too long is not read to its end",
  async (connection) => {
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n"));
    const chunk = new Uint8Array(16 * 1024);
    for (let chunks = 0; chunks < 1_000; chunks++) await connection.write(chunk);
  },
  (answer) => assertEquals(answer, { status: 200, retryAfterMs: 0 }),
);

Deno.test({
  name: "messages have the host, path and headers, and share one connection, which is opened again when it was closed",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    let answers = 0;
    await using receiver = startReceiver(async (connection) => {
      await connection.write(new TextEncoder().encode(OK));
      if (++answers === 2) close(connection);
    });
    const sender = new Sender(receiver.url, { allowPrivate: true, timeoutMs: LONG_MS });
    for (let count = 0; count < 4; count++) assertEquals(await post(sender), { status: 200, retryAfterMs: 0 });
    sender.close();
    assertEquals(receiver.connections(), 2);
    const [first = ""] = receiver.requests;
    assertStringIncludes(first, "POST /hook?a=1 HTTP/1.1\r\n");
    const { host } = new URL(receiver.url);
    for (const header of [`host: ${host}`, "webhook-id: m", "content-length: 2"]) {
      assertStringIncludes(first.toLowerCase(), `${header}\r\n`);
    }
  },
});

Deno.test({
  name: "an address that is forbidden is never connected to, by whatever name",
  permissions: { net: ["127.0.0.1", "localhost"] },
  async fn() {
    await using receiver = startReceiver(answering(OK));
    const { port } = new URL(receiver.url);
    for (const host of ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"]) {
      const sender = new Sender(`http://${host}:${port}/`, { allowPrivate: false, timeoutMs: LONG_MS });
      const answer = await post(sender);
      sender.close();
      assert("error" in answer, host);
      assertStringIncludes(answer.error, "which only --allow-private-webhooks allows");
    }
    const never = new Sender("http://169.254.169.254/latest", { allowPrivate: true, timeoutMs: SHORT_MS });
    assertEquals(await post(never), { error: "169.254.169.254 is not the address of a public host" });
    assertEquals(receiver.connections(), 0);
  },
});

/** Answers all messages but the second one, with which `atSecond` does something else. */
function answeringBut(atSecond: Behaviour): Behaviour {
  let count = 0;
  return async (connection) => {
    if (++count === 2) await atSecond(connection);
    else await answering(OK)(connection);
  };
}

/** The ids of the messages that a receiver got. */
function idsOf(requests: readonly string[]): readonly string[] {
  return requests.flatMap((request) => /^webhook-id: (\S+)/im.exec(request)?.[1] ?? []);
}

Deno.test({
  name: "a message that was given up is not sent again, also one on a kept connection",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const ending = new AbortController();
    await using receiver = startReceiver(answeringBut(() => ending.abort()));
    const sender = new Sender(receiver.url, { allowPrivate: true, lastMs: 0 });
    assertEquals(await post(sender, { id: "a" }), { status: 200, retryAfterMs: 0 });
    assertEquals(await post(sender, { id: "b", signal: ending.signal }), { error: "the delivery was ended" });
    assertEquals(await post(sender, { id: "c", signal: ending.signal }), { error: "the delivery was ended" });
    // A message that was sent again would come before the last one of these.
    for (const id of ["d", "e"]) assertEquals(await post(sender, { id }), { status: 200, retryAfterMs: 0 });
    sender.close();
    assertEquals(idsOf(receiver.requests), ["a", "b", "d", "e"]);
  },
});

Deno.test({
  name: "a message whose connection is still to be made is not sent after the signal",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const ending = new AbortController();
    await using receiver = startReceiver(answering(OK));
    const sender = new Sender(receiver.url, { allowPrivate: true, lastMs: 60_000 });
    const posted = post(sender, { id: "a", signal: ending.signal });
    ending.abort();
    assertEquals(await posted, { error: "the delivery was ended" });
    assertEquals(await post(sender, { id: "b" }), { status: 200, retryAfterMs: 0 });
    sender.close();
    assertEquals(idsOf(receiver.requests), ["b"]);
  },
});

Deno.test({
  name: "an answer that comes after the signal counts",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const ending = new AbortController();
    await using receiver = startReceiver(async (connection) => {
      ending.abort();
      await answering(OK)(connection);
    });
    const sender = new Sender(receiver.url, { allowPrivate: true, lastMs: 15_000 });
    assertEquals(await post(sender, { signal: ending.signal }), { status: 200, retryAfterMs: 0 });
    sender.close();
  },
});

Deno.test({
  name: "a message whose kept connection ends without an answer is sent once more, and on a new one it is not",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    await using once = startReceiver(answeringBut(close));
    const sender = new Sender(once.url, { allowPrivate: true });
    for (const id of ["a", "b", "c"]) assertEquals(await post(sender, { id }), { status: 200, retryAfterMs: 0 });
    sender.close();
    assertEquals(idsOf(once.requests), ["a", "b", "b", "c"]);
    let answers = 0;
    await using never = startReceiver((connection) => answers++ === 0 ? answering(OK)(connection) : close(connection));
    const other = new Sender(never.url, { allowPrivate: true });
    assertEquals(await post(other, { id: "a" }), { status: 200, retryAfterMs: 0 });
    assert("error" in await post(other, { id: "b" }));
    assert("error" in await post(other, { id: "c" }));
    other.close();
    assertEquals(idsOf(never.requests), ["a", "b", "b", "c"]);
  },
});

Deno.test({
  name: "https is not sent to a receiver without it",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    await using receiver = startReceiver(() => {});
    const secure = new Sender(receiver.url.replace("http:", "https:"), { allowPrivate: true, timeoutMs: SHORT_MS });
    assert("error" in await post(secure));
    secure.close();
    assertEquals(receiver.requests.filter((request) => request.includes("POST")), []);
  },
});
