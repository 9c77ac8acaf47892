/** A receiver of webhooks that reads what it gets and answers at once. Prints its port; `GET /` tells how many it got. */

let received = 0;

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  if (request.method === "GET") return Response.json({ received });
  await request.bytes();
  received++;
  return new Response();
});
console.log(server.addr.port);
