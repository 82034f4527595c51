import type { Server } from "node:net";
import { messageOf, UserError } from "../util/errors.ts";

/** @throws {UserError} if it cannot listen, with what to do. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  const text = () => {
    switch (error.code) {
      case "EADDRINUSE":
        return `HTTP port ${port} of ${host} is in use: stop the program that has it, or choose another with --http-port`;
      case "EACCES":
        return `HTTP port ${port} is not allowed: choose one above 1023 with --http-port`;
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
      case "EAI_AGAIN":
        return `${host} is not an address of this machine: use --host=127.0.0.1, or --host=0.0.0.0 for all`;
      default:
        return `cannot listen on ${host}, HTTP port ${port}: ${messageOf(error)}`;
    }
  };
  return new UserError(text(), error.code === "EADDRINUSE" ? "PORT_IN_USE" : "LISTEN_FAILED", {
    cause: error,
  });
}
