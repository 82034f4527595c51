import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

/** A connection for raw bytes, since `fetch` adds its own headers. */
export interface RawConnection {
  socket: Socket;
  /** Returns everything that has arrived. */
  text(): string;
  /** Resolves when `part` has arrived. @throws if the connection ends before */
  until(part: string): Promise<string>;
  /** Resolves to everything that arrived when the other side has closed. */
  closed: Promise<string>;
}

export function rawConnection(port: number, data: string | Uint8Array): RawConnection {
  return follow(connect(port, "127.0.0.1"), data);
}

/** A connection with TLS; `data` is sent within it. */
export function secureConnection(port: number, data: string, options: ConnectionOptions): RawConnection {
  return follow(connectTls(port, "127.0.0.1", { servername: "localhost", ...options }), data);
}

function follow(socket: Socket, data: string | Uint8Array): RawConnection {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => undefined);
  socket.write(data);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  return {
    socket,
    text: () => text,
    until: (part) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!text.includes(part)) return;
          socket.off("data", look);
          resolve(text);
        };
        socket.on("data", look);
        socket.once("close", () => reject(new Error(`closed before ${JSON.stringify(part)} came: ${text}`)));
        look();
      }),
    closed,
  };
}

/** Sends a request with exactly these headers; resolves to the status and the problem's code. */
export async function rawRequest(
  port: number,
  line: string,
  headers: Record<string, string>,
): Promise<{ status: number; code?: string }> {
  const lines = Object.entries({ ...headers, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const text = await rawConnection(port, `${[`${line} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`).closed;
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1];
  return { status: Number(text.split(" ")[1]), ...(code !== undefined && { code }) };
}
