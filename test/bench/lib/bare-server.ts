/**
 * An HTTP server that only reads the body of each post and answers 202 with an id, to measure its cost. Prints its
 * port.
 */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";

const id = `0x${"00".repeat(32)}`;

const app = new Hono();
app.post("/v1/transactions", async (context) => {
  await context.req.json();
  return context.json({ id }, 202);
});

const server = createAdaptorServer({ fetch: app.fetch });
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
