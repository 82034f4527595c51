import { HeaderVote } from "../types/index.ts";
import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** A change that the operator of this node asks for. */
export interface StoredProposal {
  vote: HeaderVote;
  proposedAtMs: number;
}

/** Holds one proposal per candidate and one per parameter. */
export class ProposalStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<StoredProposal[]> {
    const proposals: StoredProposal[] = [];
    for await (const [, value] of this.#database.iterate(keyRange("proposal"))) {
      const vote = HeaderVote.deserialize(new Uint8Array(value.subarray(8)));
      proposals.push({ vote, proposedAtMs: readUint64(value, 0) });
    }
    return proposals;
  }

  save({ vote, proposedAtMs }: StoredProposal): Promise<void> {
    const value = concatBytes(uint64Bytes(proposedAtMs), HeaderVote.serialize(vote));
    return this.#database.commit([{ key: keyOfProposal(vote), value }]);
  }

  remove(vote: HeaderVote): Promise<void> {
    return this.#database.commit([{ key: keyOfProposal(vote), value: undefined }]);
  }

  /** Makes the writes that remove all of them. */
  async removals(): Promise<Write[]> {
    return (await this.load()).map(({ vote }) => ({ key: keyOfProposal(vote), value: undefined }));
  }
}

function keyOfProposal({ candidate, parameter }: HeaderVote): Uint8Array {
  return keyOf("proposal", parameter === 0 ? candidate : Uint8Array.of(parameter));
}
