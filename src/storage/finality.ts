import { ContainerType } from "@chainsafe/ssz";
import { Certificate, Checkpoint, type FinalityProof } from "../types/index.ts";
import { readUint64, uint64Bytes } from "../util/bytes.ts";
import type { Database, Write } from "./database.ts";
import { keyOf, keyRange } from "./key-spaces.ts";

const Status = new ContainerType(
  { justified: Checkpoint, finalized: Checkpoint },
  { typeName: "FinalityStatus" },
);
const statusKey = keyOf("meta", new TextEncoder().encode("finality"));

/** The most final blocks without a proof that a search for one with a proof passes over. */
const mostUnproven = 16;

/** The justified and final checkpoints, and the votes that prove them. */
export class FinalityStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async status(): Promise<{ justified: Checkpoint; finalized: Checkpoint } | undefined> {
    const bytes = await this.#database.get(statusKey);
    return bytes && Status.deserialize(bytes);
  }

  setStatus(status: { justified: Checkpoint; finalized: Checkpoint }): Write {
    return { key: statusKey, value: Status.serialize(status) };
  }

  putCertificate(certificate: Certificate): Write {
    const { round } = certificate.link.target;
    return { key: keyOf("certificate", uint64Bytes(round)), value: Certificate.serialize(certificate) };
  }

  /** The certificate whose target has this round. */
  async certificate(round: number): Promise<Certificate | undefined> {
    const bytes = await this.#database.get(keyOf("certificate", uint64Bytes(round)));
    return bytes && Certificate.deserialize(bytes);
  }

  putFinalizedRound({ height, round }: Checkpoint): Write {
    return { key: keyOf("finalizedRound", uint64Bytes(height)), value: uint64Bytes(round) };
  }

  /**
   * Deletes the proofs of blocks up to `height` whose last link leads to a block above it: a recovery has abandoned
   * that block. The next proof above serves instead.
   */
  async forgetProofsAcross(height: number): Promise<Write[]> {
    const writes: Write[] = [];
    const range = {
      gte: keyRange("finalizedRound").gte,
      lt: keyOf("finalizedRound", uint64Bytes(height + 1)),
      reverse: true,
      limit: 64,
    };
    for await (const [key, value] of this.#database.iterate(range)) {
      const finalization = await this.certificate(readUint64(value) + 1);
      if (finalization && finalization.link.target.height > height) writes.push({ key, value: undefined });
    }
    return writes;
  }

  /**
   * The proof for the lowest block at or above `height` that has one of its own: its ancestors are final with it. A
   * final block has none while the certificate that justified it is missing.
   */
  async proofFrom(height: number): Promise<FinalityProof | undefined> {
    const range = {
      gte: keyOf("finalizedRound", uint64Bytes(height)),
      lt: keyRange("finalizedRound").lt,
      limit: mostUnproven,
    };
    for await (const [, value] of this.#database.iterate(range)) {
      const round = readUint64(value);
      const [justification, finalization] = await Promise.all([
        this.certificate(round),
        this.certificate(round + 1),
      ]);
      if (justification && finalization) return { justification, finalization };
    }
    return undefined;
  }
}
