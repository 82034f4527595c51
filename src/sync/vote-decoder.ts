import { FinalityVote, SignedFinalityVote } from "../types/index.ts";
import { LruMap } from "../util/lru.ts";

/** All authorities of a round sign one link, or a few. */
const keptLinks = 64;
const linkBytes = FinalityVote.fixedSize!;
const voteBytes = SignedFinalityVote.fixedSize!;
const voterEnd = voteBytes - 64;

/** Decodes votes. Those for one link share the link: it is decoded and named once, and not for each authority. */
export class VoteDecoder {
  /** The known links by their bytes, one character for each. */
  readonly #links = new LruMap<string, FinalityVote>(keptLinks);

  /** @throws {Error} where the bytes are no vote */
  decode(bytes: Uint8Array): SignedFinalityVote {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
      "latin1",
      0,
      linkBytes,
    );
    const known = bytes.length === voteBytes ? this.#links.get(key) : undefined;
    if (known)
      return { message: known, voter: bytes.slice(linkBytes, voterEnd), signature: bytes.slice(voterEnd) };
    const vote = SignedFinalityVote.deserialize(bytes);
    this.#links.set(key, vote.message);
    return vote;
  }
}
