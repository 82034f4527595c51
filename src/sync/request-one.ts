import {
  type AnyProtocol,
  RequestError,
  type RequestOf,
  type RequestOptions,
  type ResponseOf,
} from "../../protocols/index.ts";
import type { Network, PeerId } from "../network/types.ts";

/** Sends a request of a protocol whose answer is one chunk. @throws {RequestError} */
export async function requestOne<P extends AnyProtocol>(
  network: Network,
  peer: PeerId,
  protocol: P,
  request: RequestOf<P>,
  options?: RequestOptions<P>,
): Promise<ResponseOf<P>> {
  let answer: { value: ResponseOf<P> } | undefined;
  // The answer is read to its end, so that the acknowledgement is sent if there is one.
  for await (const value of network.request(peer, protocol, request, options)) answer ??= { value };
  if (!answer) throw new RequestError("malformed", `an empty answer to ${protocol.id}`);
  return answer.value;
}
