import { messageOf, UserError } from "../util/errors.ts";

/**
 * Turns an error of listening for peers into one that says what to do. libp2p keeps only the text of the system's
 * error.
 */
export function listenError(error: unknown, listen: readonly string[]): unknown {
  const text = messageOf(error);
  const where = listen.join(", ");
  const failure = (message: string, code = "LISTEN_FAILED") => new UserError(message, code, { cause: error });
  if (text.includes("EADDRINUSE"))
    return failure(
      `the port of ${where} is in use: is this node running already? If not, choose another with --port`,
      "PORT_IN_USE",
    );
  if (text.includes("EADDRNOTAVAIL"))
    return failure(`${where} is not an address of this machine: leave --p2p-host out to listen on all`);
  if (text.includes("EACCES"))
    return failure(`the port of ${where} is not allowed: choose one above 1023 with --port`);
  return error;
}
