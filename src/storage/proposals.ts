import { concatBytes, readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

/** What the operator of this node wishes of the authority set. `kind`: one of `voteKinds`, never none. */
export interface StoredProposal {
  candidate: Uint8Array;
  kind: number;
  proposedAtMs: number;
}

/** One proposal a candidate. */
export class ProposalStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<StoredProposal[]> {
    const proposals: StoredProposal[] = [];
    for await (const [key, value] of this.#database.iterate(keyRange("proposal"))) {
      proposals.push({
        candidate: new Uint8Array(key.subarray(1)),
        kind: value[0]!,
        proposedAtMs: readUint64(value, 1),
      });
    }
    return proposals;
  }

  save({ candidate, kind, proposedAtMs }: StoredProposal): Promise<void> {
    const value = concatBytes(Uint8Array.of(kind), uint64Bytes(proposedAtMs));
    return this.#database.commit([{ key: keyOf("proposal", candidate), value }]);
  }

  remove(candidate: Uint8Array): Promise<void> {
    return this.#database.commit([{ key: keyOf("proposal", candidate), value: undefined }]);
  }
}
