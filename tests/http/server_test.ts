/** Shows that clients which send too slowly, too much or no HTTP, or do not read, cost the server nothing for long. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_BODY_BYTES, MAX_HEADERS, MAX_RECEIVED_BYTES, MAX_UNSENT_BYTES } from "../../src/http/limits.ts";
import { times } from "../core/given.ts";
import { connectTo, exchange, listen, LONG, serveHttp } from "../support/raw_http.ts";
import { until } from "../support/until.ts";

const echo = async (request: Request) => new Response(await request.text());

const get = (path = "/") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

Deno.test("connections without a whole request in time are closed, and served clients are not affected", async () => {
  const timeouts = { ...LONG, headersMs: 200, requestMs: 400 };
  await using served = await serveHttp(echo, { timeouts, maxConnections: 100 });
  const slow = [
    "",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX-Header: ",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf",
  ];
  const closed = await Promise.all(times(10, () => slow).flat().map((text) => exchange(served.port, text)));
  assertEquals(closed.length, 50);
  for (const answer of closed) assert(!answer.includes("200 OK"), answer);
  const response = await fetch(`http://127.0.0.1:${served.port}/`, { method: "POST", body: "whole" });
  assertEquals(await response.text(), "whole");
  assertEquals(served.log.errors, []);
});

Deno.test("a connection that drips its headers is closed, too", async () => {
  await using served = await serveHttp(echo, { timeouts: { ...LONG, headersMs: 300 } });
  using connection = await connectTo(served.port);
  await connection.send("GET / HTTP/1.1\r\nHost: localhost\r\n");
  let isClosed = false;
  const reading = connection.readAll().then((answer) => {
    isClosed = true;
    return answer;
  });
  while (!isClosed) {
    // Its peer may have closed it meanwhile.
    await connection.send("X: y\r\n").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(!(await reading).includes("200 OK"));
});

Deno.test("what is no HTTP is refused, and the connection closed", async () => {
  await using served = await serveHttp(echo);
  const malformed = [
    "nonsense\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00",
    "GET / HTTP/9.9\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://user@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET localhost HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: local host/\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ];
  for (const text of malformed) {
    const answer = await exchange(served.port, text);
    assert(answer === "" || /^HTTP\/1\.1 4\d\d /.test(answer), `${text}: ${answer}`);
  }
  assertEquals(await (await fetch(`http://127.0.0.1:${served.port}/`)).text(), "");
  assertEquals(served.log.errors, []);
});

Deno.test("a request may name its whole address, as to a proxy", async () => {
  await using served = await serveHttp((request) => new Response(`${request.url} ${request.headers.get("host")}`));
  const answer = await exchange(
    served.port,
    "GET http://localhost:1234/path?x=%2F HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  assertMatch(answer, /^HTTP\/1\.1 200 .*http:\/\/localhost:1234\/path\?x=%2F localhost/s);
});

Deno.test("a body that is compressed is refused, with what would work", async () => {
  await using served = await serveHttp(echo);
  const post = (encoding: string) =>
    fetch(`http://127.0.0.1:${served.port}/`, {
      method: "POST",
      headers: { "content-encoding": encoding },
      body: "body",
    });
  for (const encoding of ["gzip", "identity, br", "x-unknown"]) {
    const response = await post(encoding);
    assertEquals([response.status, response.headers.get("accept-encoding")], [415, "identity"]);
    const { detail, code } = await response.json();
    assertEquals(code, "unsupported_encoding");
    assertMatch(detail, /without Content-Encoding$/);
  }
  assertEquals(await (await post("Identity")).text(), "body");
});

Deno.test("a connection is closed after the answer if the client says so, whatever the response says", async () => {
  const headers = { connection: "keep-alive", "keep-alive": "timeout=60" };
  await using served = await serveHttp(() => new Response("answer", { headers }));
  const answer = await exchange(served.port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n.*answer/is);
  using connection = await connectTo(served.port);
  await connection.send(get());
  await connection.readUntil("answer");
  await connection.send(get());
  await connection.readUntil("answer");
});

Deno.test("a request of many headers is refused before they cost time", async () => {
  await using served = await serveHttp(echo);
  const withHeaders = (count: number) =>
    `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${times(count - 2, (n) => `X${n}: y\r\n`).join("")}\r\n`;
  assertMatch(await exchange(served.port, withHeaders(MAX_HEADERS)), /^HTTP\/1\.1 200 /);
  for (const count of [MAX_HEADERS + 1, 1_500]) {
    assertMatch(
      await exchange(served.port, withHeaders(count)),
      /^HTTP\/1\.1 431 .*"A request has at most 100 headers"/s,
    );
  }
});

Deno.test("a body of at most the allowed size is read, and one byte more is refused", async () => {
  await using served = await serveHttp(async (request) => new Response(`${(await request.bytes()).length}`));
  const url = `http://127.0.0.1:${served.port}/`;
  const post = (body: BodyInit) => fetch(url, { method: "POST", body });
  for (const bytes of [0, 1, MAX_BODY_BYTES - 1, MAX_BODY_BYTES]) {
    assertEquals(await (await post(new Uint8Array(bytes))).text(), `${bytes}`);
  }
  const tooLong = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`;
  assertMatch(await exchange(served.port, tooLong), /^HTTP\/1\.1 413 .*"detail":"A request has at most 4194304 bytes/s);
  // Of unknown length: refused when it has become too long.
  const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
  const chunked = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(4);
  using connection = await connectTo(served.port);
  await connection.send(chunked + "1\r\nx\r\n");
  assertMatch(await connection.readAll(), /^HTTP\/1\.1 413 /);
  assertEquals(served.log.errors, []);
});

Deno.test("the bodies of all requests under way are bounded, and room is given back", async () => {
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
  await using served = await serveHttp(async (request) => {
    const { length } = await request.bytes();
    await isOpen;
    return new Response(`${length}`);
  });
  const post = async () => {
    const body = new Uint8Array(MAX_BODY_BYTES);
    const response = await fetch(`http://127.0.0.1:${served.port}/`, { method: "POST", body });
    const { status } = response;
    if (status === 503) assertEquals(response.headers.get("retry-after"), "1");
    await response.body?.cancel();
    // The others get their answers once one was refused.
    if (status === 503) open();
    return status;
  };
  const statuses = await Promise.all(times(20, post));
  assert(statuses.includes(503) && statuses.includes(200), statuses.join());
  assertEquals(statuses.filter((status) => status !== 503 && status !== 200), []);
  assertEquals(await post(), 200);
});

Deno.test("the bodies of requests that are not admitted take no room, and their clients get the answer", async () => {
  let handled = 0;
  const admission = ({ headers }: Request) =>
    Promise.resolve(headers.has("authorization") ? undefined : new Response("who?", { status: 401 }));
  const count = async (request: Request) => new Response(`${++handled}: ${(await request.bytes()).length}`);
  await using served = await serveHttp(count, { admission });
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MAX_BODY_BYTES}\r\n\r\n`;
  const halves = await Promise.all(times(MAX_RECEIVED_BYTES / MAX_BODY_BYTES + 1, async () => {
    const connection = await connectTo(served.port);
    await connection.send(head + "x".repeat(MAX_BODY_BYTES - 1));
    return connection;
  }));
  const post = (headers: HeadersInit) =>
    fetch(`http://127.0.0.1:${served.port}/`, { method: "POST", headers, body: new Uint8Array(MAX_BODY_BYTES) });
  assertEquals(await (await post({ authorization: "known" })).text(), `1: ${MAX_BODY_BYTES}`);
  assertEquals(await (await post({})).text(), "who?");
  for (const connection of halves) {
    await connection.send("x");
    assertMatch(await connection.readAll(), /^HTTP\/1\.1 401 .*who\?/s);
    connection.close();
  }
  assertEquals(handled, 1);
});

Deno.test("more connections than allowed are closed at once, and more requests refused", async () => {
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
  const waits = async () => {
    await isOpen;
    return new Response("late");
  };
  await using served = await serveHttp(waits, { maxConnections: 3, maxRequests: 2 });
  const connections = await Promise.all(times(3, () => connectTo(served.port)));
  await connections[0]?.send(get() + get());
  await until("two requests", () => served.server.requests === 2);
  // Requests on one connection are answered in order.
  await connections[1]?.send(get());
  const further = await connectTo(served.port);
  assertEquals(await further.readAll(), "");
  open();
  const text = await connections[0]?.readUntil("late\r\n0\r\n\r\n") ?? "";
  assertMatch(text, /^HTTP\/1\.1 200 /);
  assertMatch(await connections[1]?.readUntil("}") ?? "", /^HTTP\/1\.1 503 .*Too many requests/s);
  for (const connection of [...connections, further]) connection.close();
});

Deno.test("a client that closes its side before the answer is gone: its call is told", async () => {
  const gone = Promise.withResolvers<void>();
  await using served = await serveHttp(async ({ signal }) => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    gone.resolve();
    return new Response("nobody reads this");
  });
  using connection = await connectTo(served.port);
  await connection.send(get());
  await connection.closeWrite();
  assertEquals(await connection.readAll(), "");
  await gone.promise;
  assertEquals(served.log.errors, []);
});

Deno.test("clients that leave at any moment leave nothing behind", async () => {
  await using served = await serveHttp(echo);
  const whole = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n${"x".repeat(1_000)}`;
  await Promise.all(times(100, async (index) => {
    using connection = await connectTo(served.port);
    await connection.send(whole.slice(0, index * Math.ceil(whole.length / 100)));
  }));
  using connection = await connectTo(served.port);
  // Refused before its body is read.
  await connection.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\nx`);
  await connection.closeWrite();
  await connection.readAll();
  assertEquals(served.log.errors, []);
});

Deno.test("a client that reads nothing for too long is disconnected, and its stream ends", async () => {
  const ended = Promise.withResolvers<void>();
  const stream = () => {
    let isOpen = true;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (isOpen) controller.enqueue(new Uint8Array(256 * 1024));
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
      cancel() {
        isOpen = false;
        ended.resolve();
      },
    });
  };
  await using served = await serveHttp(() => new Response(stream()), { timeouts: { ...LONG, stallMs: 100 } });
  using connection = await connectTo(served.port);
  await connection.send(get());
  await ended.promise;
});

Deno.test("a stream of events shows that it is open before its first event", async () => {
  const events = new ReadableStream<Uint8Array>();
  await using served = await serveHttp(() =>
    new Response(events, { headers: { "content-type": "text/event-stream" } })
  );
  using connection = await connectTo(served.port);
  await connection.send(get());
  assertMatch(await connection.readUntil("\r\n\r\n"), /^HTTP\/1\.1 200 .*text\/event-stream/s);
});

Deno.test("a client that leaves too much unread is disconnected, however patient the server is", async () => {
  const size = MAX_UNSENT_BYTES + 16 * 1024 * 1024;
  const body = (bytes: number) => new Blob([new Uint8Array(bytes)]);
  await using served = await serveHttp(({ url }) => new Response(body(Number(new URL(url).pathname.slice(1)))));
  using connection = await connectTo(served.port);
  await connection.send(get(`/${size}`));
  const read = await connection.readAll();
  assert(read.length < size, `${read.length}`);
  const large = await fetch(`http://127.0.0.1:${served.port}/${MAX_UNSENT_BYTES / 2}`);
  assertEquals((await large.bytes()).length, MAX_UNSENT_BYTES / 2);
});

Deno.test("requests that come before the server answers wait, and those of clients that have left are dropped", async () => {
  await using served = await listen();
  const post = fetch(`http://127.0.0.1:${served.port}/post`, { method: "POST", body: "body" });
  using waits = await connectTo(served.port);
  await waits.send(get("/get"));
  using gone = await connectTo(served.port);
  await gone.send(get("/gone"));
  await until("all requests", () => served.server.requests === 3);
  await gone.closeWrite();
  assertEquals(await gone.readAll(), "");
  const handled: string[] = [];
  served.server.answer({
    handle: async (request) => {
      handled.push(new URL(request.url).pathname);
      return new Response(`answered ${await request.text()}`);
    },
  });
  assertEquals(await (await post).text(), "answered body");
  assertMatch(await waits.readUntil("answered"), /^HTTP\/1\.1 200 /);
  assertEquals(handled.sort(), ["/get", "/post"]);
});

Deno.test("a server that ends before it answers says so to those who wait", async () => {
  const served = await listen();
  using connection = await connectTo(served.port);
  await connection.send(get());
  await until("the request", () => served.server.requests === 1);
  await served.server.close();
  assertMatch(await connection.readAll(), /^HTTP\/1\.1 503 .*The server is ending/s);
  assertEquals(served.log.errors, []);
});

Deno.test("at the end, calls under way are answered, further ones refused, and idle connections closed", async () => {
  const arrived = Promise.withResolvers<void>();
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
  const served = await serveHttp(async () => {
    arrived.resolve();
    await isOpen;
    return new Response("answered");
  });
  using idle = await connectTo(served.port);
  using busy = await connectTo(served.port);
  await busy.send(get());
  await arrived.promise;
  const closing = served.server.close();
  await busy.send(get());
  open();
  const text = await busy.readAll();
  assertMatch(text, /^HTTP\/1\.1 200 .*answered/s);
  assert(!/answered.*answered/s.test(text));
  assertEquals(await idle.readAll(), "");
  await closing;
});

Deno.test("at the end, calls that take too long are cut off", async () => {
  const timeouts = { ...LONG, drainMs: 50 };
  const served = await serveHttp(() => new Promise<Response>(() => {}), { timeouts });
  using connection = await connectTo(served.port);
  await connection.send(get());
  const reading = connection.readAll();
  await until("the request", () => served.server.requests > 0);
  await served.server.close();
  assertEquals(await reading, "");
});

Deno.test("at the end, a request whose rest does not come holds nobody up", async () => {
  const timeouts = { ...LONG, arriveMs: 20, drainMs: 10 * 60_000 };
  const served = await serveHttp(() => new Response("late"), { timeouts });
  using connection = await connectTo(served.port);
  await connection.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
  const reading = connection.readAll();
  await until("the request", () => served.server.requests > 0);
  await served.server.close();
  assertEquals(await reading, "");
});

Deno.test("each response names its call, by the client's id if that can be used, also where nothing is read", async () => {
  await using served = await serveHttp((request) => new Response(request.headers.get("x-request-id")));
  const idOf = (answer: string) => /^x-request-id: (.*)\r$/im.exec(answer)?.[1] ?? "";
  const ask = async (header: string, start = "GET / HTTP/1.1") =>
    await exchange(served.port, `${start}\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`);
  const given = await ask("X-Request-Id: trace/7.a-b_c=\r\n");
  assertEquals(idOf(given), "trace/7.a-b_c=");
  // The handler sees the same.
  assert(given.includes("trace/7.a-b_c=\r\n0\r\n") || given.endsWith("trace/7.a-b_c="), given);
  const own = /^[0-9a-f-]{36}$/;
  for (const bad of ["", "X-Request-Id: a b\r\n", `X-Request-Id: ${"x".repeat(129)}\r\n`, 'X-Request-Id: "q"\r\n']) {
    assertMatch(idOf(await ask(bad)), own, bad);
  }
  const twice = await ask("X-Request-Id: a\r\nX-Request-Id: b\r\n");
  assertMatch(idOf(twice), own);
  for (const refused of [await ask("X-Request-Id: r\r\n", "TRACE / HTTP/1.1"), await tooMany(served.port)]) {
    assertMatch(refused, /^HTTP\/1\.1 4/);
    assertEquals(idOf(refused), "r");
  }
});

Deno.test("the log names the call that met an internal error", async () => {
  await using served = await serveHttp(() => {
    throw new Error("a bug");
  });
  const response = await fetch(`http://127.0.0.1:${served.port}/`, { headers: { "x-request-id": "r-9" } });
  assertEquals([response.status, response.headers.get("x-request-id")], [500, "r-9"]);
  assert(!(await response.text()).includes("a bug"));
  assert(served.log.errors[0]?.includes("a bug"));
  assertEquals(served.log.facts, [{ request: "r-9" }]);
});

/** The answer to a request with too many headers. */
async function tooMany(port: number): Promise<string> {
  const headers = times(MAX_HEADERS, (index) => `X-${index}: y\r\n`).join("");
  return await exchange(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r\r\n${headers}\r\n`);
}
