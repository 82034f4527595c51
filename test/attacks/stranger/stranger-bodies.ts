import { randomBytes } from "node:crypto";
import { blocksById, finality, height } from "../../../protocols/index.ts";
import { signerFromSeed } from "../../../src/accounts/index.ts";
import {
  computeDomain,
  EncodedBlock,
  Header,
  joinTransactions,
  maxTransactionsPerList,
  noVote,
  rootOf,
  signingRoot,
  Transaction,
} from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import type { Attack } from "../attack.ts";
import { statusOf, tell, watchChain } from "../lib/claims.ts";
import { answering, bytes32 } from "../lib/wire.ts";

const ids = 6;

/**
 * Claims blocks in every way that a stranger has, and delivers them as large as they can be, signed by a key that
 * nobody knows.
 */
export const strangerBodies: Attack = {
  name: "stranger-bodies",
  by: "stranger",
  does: `${ids} ids claim heads every 0.7 s and answer with certificates for unknown blocks; they deliver each block that is asked for, with 65536 transactions, signed by a key of their own`,
  fullOnly: true,
  judge: ({ served = 0 }) => (served > 0 ? [] : ["no node asked for a block"]),
  async run(site) {
    const view = await watchChain(site);
    const { id: genesisId } = await site.genesis();
    const signer = signerFromSeed(bytes32());
    const domain = computeDomain("header", genesisId);
    const transaction = Transaction.serialize({
      message: {
        from: signer.publicKey,
        to: signer.publicKey,
        ...{ amount: 1n, fee: 1n, nonce: 0, validUntil: 0 },
        memo: new Uint8Array(),
      },
      signature: Uint8Array.from(randomBytes(64)),
    });
    const body = joinTransactions(new Array<Uint8Array>(maxTransactionsPerList).fill(transaction));
    const headers = new Map<string, Header>();
    /** A header whose parent nobody has, or that is built on the head. */
    const invent = (isOnHead: boolean): Uint8Array => {
      const message = {
        height: view.height + 1,
        parent: isOnHead ? view.head : bytes32(),
        timestamp: Date.now(),
        proposer: signer.publicKey,
        difficulty: 2,
        vote: noVote,
        transactionsRoot: bytes32(),
        stateRoot: bytes32(),
      };
      const id = rootOf(Header, message);
      headers.set(toHex(id), message);
      for (const old of headers.keys()) if (headers.size > 1_000) headers.delete(old);
      return id;
    };
    const status = () =>
      statusOf(view, site.job.genesisId, {
        height: view.height + 1,
        headId: invent(true),
        totalDifficulty: 2 * view.height + 2,
        justifiedRound: view.justifiedRound + 3,
      });
    const certificate = (ahead: number) => ({
      link: {
        source: { round: 0, height: 0, block: genesisId },
        target: {
          round: view.justifiedRound + ahead,
          height: view.height + 1,
          block: invent(false),
        },
      },
      voters: [],
      signatures: [],
    });
    const answers = {
      [height.id]: answering(() => [status()]),
      [finality.id]: answering(() => [
        finality.response.serialize({ certificates: [1, 2, 3].map(certificate), votes: [] }),
      ]),
      [blocksById.id]: answering(async (request) => {
        const [asked] = blocksById.request.deserialize(request).ids;
        const message = asked && headers.get(toHex(asked));
        if (!message) return [];
        site.count("served");
        const signature = await signer.sign(signingRoot(rootOf(Header, message), domain));
        return [EncodedBlock.serialize({ header: { message, signature }, body })];
      }),
    };
    await site.crowd(ids, { answers, rawGossip: true }, async ({ rogue }) => {
      await site.repeat(
        1.4,
        () => tell(site, rogue, status()),
        () => rogue.connected,
      );
    });
  },
};
