import { Agent, type RequestOptions, request } from "node:https";
import { type Duplex, Readable } from "node:stream";
import { type ConnectionOptions, connect } from "node:tls";
import { ClientError, type Fetch } from "../client/index.ts";

/** Connects to whoever has the certificate with this fingerprint, by whatever name, and to nobody else. */
export class PinnedAgent extends Agent {
  readonly #fingerprint: string;

  /** `fingerprint` is SHA-256 as Node.js writes it: `AB:CD:…`. */
  constructor(fingerprint: string) {
    super();
    this.#fingerprint = fingerprint;
  }

  override createConnection(options: RequestOptions, connected?: Connected): undefined {
    const socket = connect({ ...options, rejectUnauthorized: false } as ConnectionOptions);
    const fail = (error: Error) => connected?.(error, socket);
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      const found = socket.getPeerX509Certificate()?.fingerprint256;
      if (found === this.#fingerprint) return connected?.(null, socket);
      socket.destroy();
      return fail(otherCertificate(found ?? "none"));
    });
  }
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** The fetch of a `Client` by an agent of `node:https`, since the global one takes no certificates. */
export function fetchBy(agent: Agent): Fetch {
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const options = {
        agent,
        method,
        headers: headers as Record<string, string>,
        signal: signal ?? undefined,
      };
      const sent = request(url, options as RequestOptions, (answer) => {
        const { statusCode: status = 0, headersDistinct } = answer;
        const lines = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
          values.map((value) => [name, value] as [string, string]),
        );
        const isEmpty = status === 204 || status === 304;
        if (isEmpty) answer.resume();
        const stream = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(new Response(stream, { status, headers: lines }));
      });
      sent.on("error", (error) => reject(signal?.aborted ? signal.reason : error));
      sent.end(body ?? undefined);
    });
}

function otherCertificate(found: string): ClientError {
  return new ClientError(
    "OTHER_CERTIFICATE",
    `the certificate there has another fingerprint than --tls-fingerprint: ${found}. The node has made a new one, or somebody answers in its place: compare it with what the node prints`,
  );
}
