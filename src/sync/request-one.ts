import {
  type AnyProtocol,
  type Network,
  type PeerId,
  RequestError,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
} from "../../protocols/index.ts";

/** Asks a protocol whose answer is one chunk. @throws {RequestError} */
export async function requestOne<P extends AnyProtocol>(
  network: Network,
  peer: PeerId,
  protocol: P,
  request: RequestOf<P>,
  options?: RequestOptions<P>,
): Promise<ResponseOf<P>> {
  let answer: { value: ResponseOf<P> } | undefined;
  // Read to the end, so that the acknowledgement is sent where there is one.
  for await (const value of network.request(peer, protocol, request, options)) answer ??= { value };
  if (!answer) throw new RequestError("malformed", `an empty answer to ${protocol.id}`);
  return answer.value;
}
