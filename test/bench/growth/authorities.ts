import type { Signer } from "../../../src/accounts/index.ts";
import { checkBlock } from "../../../src/chain/block-check.ts";
import { checkCertificate, voteSigningRoot } from "../../../src/chain/vote-check.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { Certificate, encodeRecords, type SignedFinalityVote } from "../../../src/types/index.ts";
import { type BenchChain, benchChain, Peer } from "../lib/peer.ts";
import { defineAxis, leastCpuMs } from "./axis.ts";

const rounds = 10;

/** Signs every authority's vote from the highest justified checkpoint to the head in the next round. */
export async function votesForHead(
  { chain }: Peer,
  { genesis, signers }: BenchChain,
): Promise<SignedFinalityVote[]> {
  const source = chain.finality.justified;
  const { height, id } = chain.head;
  const message = { source, target: { round: source.round + 1, height, block: id } };
  const root = voteSigningRoot(message, genesis.id);
  return Promise.all(
    signers.map(async (signer: Signer) => ({
      message,
      voter: signer.publicKey,
      signature: await signer.sign(root),
    })),
  );
}

export const authoritiesAxis = defineAxis({
  name: "authorities",
  unit: "authorities",
  quick: [1, 10, 100],
  full: [1, 3, 10, 30, 100],
  costs: {
    block: { name: "import of an empty block", unit: "CPU ms", should: 0.3 },
    votes: { name: "counting the votes of one round", unit: "CPU ms", should: 1 },
    certificate: { name: "check of a certificate", unit: "CPU ms", should: 1 },
    bytes: { name: "certificate", unit: "bytes", should: 1 },
  },
  async measure(context, authorities) {
    const chain = await benchChain({ senders: 2, authorities });
    const proposer = await Peer.create(context, "proposer", chain);
    const peer = await Peer.create(context, "peer", chain);
    const { checks, tree } = peer.chain;
    let block = Number.POSITIVE_INFINITY;
    let votes = Number.POSITIVE_INFINITY;
    let certificate = Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      const { header, records } = await proposer.produce([]);
      const importOne = async () =>
        peer.chain.importBlock(await checkBlock({ header, body: encodeRecords(records) }, checks));
      block = Math.min(block, await leastCpuMs(1, importOne));
      const all = await votesForHead(peer, chain);
      const proof = certificateOf(all[0]!.message, all);
      bytes = Certificate.serialize(proof).length;
      const check = () =>
        checkCertificate(proof, { tree, genesisId: chain.genesis.id, verify: verifySignatures });
      certificate = Math.min(certificate, await leastCpuMs(1, check));
      const count = async () => {
        for (const vote of all) await peer.finalizer.addVote(vote);
      };
      votes = Math.min(votes, await leastCpuMs(1, count));
    }
    await proposer.close();
    await peer.close();
    return { block, votes, certificate, bytes };
  },
});
