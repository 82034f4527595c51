import { createServer } from "node:http";
import { listen } from "./listen.ts";
import { commonHeaders, type ProblemCode, problemJson, problems } from "./problem.ts";

/**
 * Answers every request with one problem, in place of a node that does not run. @throws {UserError} if it cannot
 * listen.
 */
export async function serveProblem(options: {
  host: string;
  port: number;
  code: ProblemCode;
  detail: string;
}): Promise<{ close(): Promise<void> }> {
  const { host, port, code, detail } = options;
  const headers = {
    ...commonHeaders,
    "content-type": "application/problem+json",
    connection: "close",
  };
  const server = createServer({ requireHostHeader: false }, (_request, response) => {
    response.writeHead(problems[code].status, headers).end(problemJson(code, detail));
  });
  await listen(server, host, port);
  server.on("error", () => undefined);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
