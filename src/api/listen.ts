import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type ServerOpts } from "node:net";
import { codeOf, messageOf, UserError } from "../util/errors.ts";

/** The codes of errors of an operating system without IPv6 that is asked to listen on `::1`. */
const noIp6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/**
 * Resolves to a function that ends it, once the last connection is closed. `localhost` stands for 127.0.0.1 and, where
 * there is IPv6, for ::1 too: browsers and programs try either first.
 * @throws {UserError} if it cannot listen, with what to do.
 */
export async function listen(server: Server, host: string, port: number): Promise<() => Promise<void>> {
  const isLocal = host === "localhost";
  await listenAt(server, isLocal ? "127.0.0.1" : host, port);
  if (!isLocal) return () => close(server);
  // A server has the options of its sockets as properties.
  const second = createServer(server as ServerOpts, (socket) => server.emit("connection", socket));
  second.maxConnections = server.maxConnections;
  try {
    await listenAt(second, "::1", (server.address() as AddressInfo).port);
  } catch (error) {
    if (noIp6.includes(codeOf((error as UserError).cause) ?? "")) return () => close(server);
    await close(server);
    throw error;
  }
  second.on("error", (error) => server.emit("error", error));
  return async () => {
    await Promise.all([close(server), close(second)]);
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function listenAt(server: Server, host: string, port: number): Promise<void> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, port);
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  const text = () => {
    switch (error.code) {
      case "EADDRINUSE":
        return `HTTP port ${port} of ${host} is in use: stop the program that has it, or choose another with --http-port`;
      case "EACCES":
        return `HTTP port ${port} is not allowed: choose one above 1023 with --http-port`;
      case "EADDRNOTAVAIL":
      case "EAFNOSUPPORT":
      case "ENOTFOUND":
      case "EAI_AGAIN":
        return `${host} is not an address of this machine: leave --host out, or use --host=0.0.0.0 for all of IPv4`;
      default:
        return `cannot listen on ${host}, HTTP port ${port}: ${messageOf(error)}`;
    }
  };
  return new UserError(text(), error.code === "EADDRINUSE" ? "PORT_IN_USE" : "LISTEN_FAILED", {
    cause: error,
  });
}
