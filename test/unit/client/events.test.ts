import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Client } from "../../../src/client/index.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves the nth answer to the nth request. */
async function serve(...answers: Answer[]): Promise<Client> {
  server = createServer((request, response) => answers.shift()!(request, response));
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const stream = (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 5\n\n");
  return response;
};
const finalized = (id: number, height: number) =>
  `id: ${id}\nevent: finalized\ndata: {"height":${height},"id":"0x"}\n\n`;

describe("events", () => {
  it("parses events from pieces with comments and CRLF", async () => {
    const client = await serve(async (_request, response) => {
      stream(response);
      const text = `: heartbeat\n\n${finalized(1, 7)}: ü\n\n${finalized(2, 8).replaceAll("\n", "\r\n")}`;
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    });
    const heights: number[] = [];
    for await (const event of await client.events()) {
      if (event.type === "finalized") heights.push(event.data.height);
      if (heights.length === 2) break;
    }
    expect(heights).toEqual([7, 8]);
  });

  it("resumes after the last event when the connection breaks, even if the node is away for a while", async () => {
    const asked: unknown[] = [];
    const client = await serve(
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        stream(response).end("id: 40\n\n");
      },
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        stream(response).end(finalized(41, 1));
      },
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        response.writeHead(503).end();
      },
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        stream(response).write(finalized(42, 2));
      },
    );
    const ids: string[] = [];
    for await (const { id } of await client.events()) {
      ids.push(id);
      if (id === "42") break;
    }
    expect({ ids, asked }).toEqual({ ids: ["41", "42"], asked: [undefined, "40", "41", "41"] });
  });

  it("begins at the requested event although the connection breaks before anybody reads", async () => {
    const asked: unknown[] = [];
    const client = await serve(
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        stream(response).write("id: 5\n\n");
        setImmediate(() => response.destroy());
      },
      (request, response) => {
        asked.push(request.headers["last-event-id"]);
        stream(response).write(finalized(6, 1));
      },
    );
    const events = await client.events();
    // Stands for a program's first work, such as reading the history.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await events.next()).value).toMatchObject({ id: "6" });
    expect(asked).toEqual([undefined, "5"]);
    await events.return();
  });

  it("fails if the stream ends before its first event", async () => {
    const client = await serve((_request, response) => void stream(response).end());
    await expect(client.events()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  it("ends with the node's reason if it refuses to resume the stream", async () => {
    const client = await serve(
      (_request, response) => void stream(response).end("id: 1\n\n"),
      (_request, response) => void response.writeHead(400).end('{"code":"MALFORMED","detail":"no"}'),
    );
    const events = await client.events();
    await expect(events.next()).rejects.toMatchObject({ code: "MALFORMED" });
  });

  it("closes the connection when the loop is left", async () => {
    const closed = Promise.withResolvers<void>();
    const client = await serve((request, response) => {
      request.on("close", () => closed.resolve());
      stream(response).write(finalized(1, 1));
    });
    for await (const _event of await client.events()) break;
    await closed.promise;
  });

  it("fails if the server is not a node", async () => {
    const client = await serve((_request, response) => void response.writeHead(200).end("<html>"));
    await expect(client.events()).rejects.toMatchObject({ code: "NOT_A_NODE" });
  });
});
