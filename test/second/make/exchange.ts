import { ContainerType, type Type } from "@chainsafe/ssz";
import {
  type AckOf,
  type AnyProtocol,
  blocks,
  blocksById,
  blockTransactions,
  genesis,
  type RequestOf,
  type ResponseOf,
} from "../../../protocols/index.ts";
import {
  type ErrorResult,
  endFrame,
  errorFrame,
  frame,
  successFrame,
} from "../../../protocols/reqresp/frames.ts";
import { GenesisPayload } from "../../../src/types/genesis.ts";
import { Block, SignedHeader, Transactions } from "../../../src/types/index.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { hex } from "./text.ts";

/** The types of answers that the node leaves encoded in part; their roots are those of the whole. */
const wholeTypes = new Map<AnyProtocol, AnyProtocol["response"]>([
  [genesis, new ContainerType({ header: SignedHeader, payload: GenesisPayload })],
  [blocks, Block],
  [blocksById, Block],
  [blockTransactions, Transactions],
]);

function framed<T>(type: Type<T>, value: T) {
  return { bytes: hex(frame(type.serialize(value)).subarray()), root: hex(type.hashTreeRoot(value)) };
}

interface Answer<P> {
  chunks?: readonly ResponseOf<P>[];
  error?: [result: ErrorResult, reason: string];
  ack?: AckOf<P>;
}

/** Describes the bytes of one stream, and the roots of what they hold. */
export function exchange<P extends AnyProtocol>(
  about: string,
  protocol: P,
  request: RequestOf<P>,
  { chunks = [], error, ack }: Answer<P>,
) {
  const whole = wholeTypes.get(protocol) ?? protocol.response;
  const contents = chunks.map((chunk) => protocol.response.serialize(chunk));
  const end = error ? errorFrame(...error) : endFrame();
  return {
    about,
    protocol: protocol.id,
    request: framed(protocol.request, request),
    answer: {
      bytes: hex(concatBytes(...[...contents.map(successFrame), end].map((each) => each.subarray()))),
      roots: contents.map((bytes) => hex(whole.hashTreeRoot(whole.deserialize(bytes)))),
      end: error?.[0] ?? "end",
    },
    ack: ack ? framed(protocol.ack!, ack) : null,
  };
}
