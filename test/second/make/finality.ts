import {
  applyLink,
  certificateOf,
  genesisFinality,
  headerEvidence,
  voteEvidence,
} from "../../../src/consensus/index.ts";
import { computeDomain, signingRoot } from "../../../src/types/domain.ts";
import {
  type Certificate,
  type Checkpoint,
  Evidence,
  FinalityProof,
  FinalityVote,
  Header,
  SignedFinalityVote,
} from "../../../src/types/index.ts";
import { equalBytes } from "../../../src/util/bytes.ts";
import { authorities } from "../../unit/support/chain.ts";
import { checkpoint, signedVote } from "../../unit/support/votes.ts";
import { certificatesOfSets, certificateVector } from "./certificates.ts";
import type { MadeChain } from "./chain.ts";
import { hex, typed } from "./text.ts";

/** Resolves to `finality.json`. */
export async function makeFinality(made: MadeChain) {
  const { genesis, tips } = made;
  const point = (round: number, height: number) => checkpoint(round, tips[height]!);
  const source = genesisFinality(genesis.id).justified;
  const signAll = (from: Checkpoint, to: Checkpoint, count: number) =>
    Promise.all(authorities.slice(0, count).map((one) => signedVote(one, genesis, from, to)));
  const certify = async (from: Checkpoint, to: Checkpoint, count = 3) => {
    const votes = await signAll(from, to, count);
    return certificateOf(votes[0]!.message, votes);
  };
  const setAfter = (height: number) => tips[height]!.snapshot.authorities;

  const certificates = [];
  for (const [round, height, count, about] of [
    [1, 1, 3, "all three of three"],
    [2, 1, 2, "two of three: no quorum, which is 2n // 3 + 1"],
    [3, 20, 3, "three of four, after the set has grown"],
    [4, 20, 2, "two of four: no quorum"],
  ] as const) {
    const certificate = await certify(source, point(round, height), count);
    certificates.push(await certificateVector(about, certificate, setAfter(height), genesis.id));
  }
  certificates.push(...(await certificatesOfSets(genesis, { source, target: point(1, 1) })));

  const justification = await certify(source, point(1, 1));
  const proof = (about: string, finalization: Certificate) => {
    const final = [justification, finalization].reduce(
      (status, { link }) => applyLink(status, link),
      genesisFinality(genesis.id),
    ).finalized;
    return {
      ...typed(FinalityProof, { justification, finalization }, about),
      justificationSet: setAfter(1).map(hex),
      finalizationSet: setAfter(finalization.link.target.height).map(hex),
      final: equalBytes(final.block, justification.link.target.block),
    };
  };
  const proofs = [
    proof(
      "that block 1 is final: the next round's link goes on from it",
      await certify(point(1, 1), point(2, 2)),
    ),
    proof("of nothing: the second link skips a round", await certify(point(1, 1), point(3, 2))),
    proof("of nothing: the second link goes on from another checkpoint", await certify(source, point(2, 2))),
  ];

  const [one] = await signAll(source, point(1, 1), 1);
  const [other] = await signAll(source, point(1, 2), 1);
  const [outer] = await signAll(source, point(9, 3), 1);
  const [inner] = await signAll(point(2, 1), point(3, 2), 1);
  const header = tips[5]!.blocks[4]!.header;
  const by = authorities.find(({ publicKey }) => equalBytes(publicKey, header.message.proposer))!;
  const message = { ...header.message, stateRoot: new Uint8Array(32).fill(1) };
  const signature = await by.sign(
    signingRoot(Header.hashTreeRoot(message), computeDomain("header", genesis.id)),
  );
  const pairs = [
    [
      "two headers in one slot",
      "header",
      headerEvidence(header, { message, signature }, genesis.config.slotMs),
    ],
    ["two votes with one target round", "doubleVote", voteEvidence(one!, other!)],
    ["a vote around another", "surround", voteEvidence(outer!, inner!)],
  ] as const;
  const evidence = pairs.flatMap(([about, offence, found]) => {
    const { headers, votes } = found!;
    const swap = <T>(list: { first: T; second: T }[]) =>
      list.map(({ first, second }) => ({ first: second, second: first }));
    const wrongOrder = { headers: swap(headers), votes: swap(votes) };
    return [
      { ...typed(Evidence, found!, about), offence },
      { ...typed(Evidence, wrongOrder, `${about}, in the wrong order: no evidence`), offence: null },
    ];
  });

  const vote = (about: string, of: SignedFinalityVote, signed: boolean) => ({
    ...typed(SignedFinalityVote, of, about),
    objectRoot: hex(FinalityVote.hashTreeRoot(of.message)),
    signed,
  });
  const votes = [
    ...[one!, other!, outer!, inner!].map((of) => vote("a vote", of, true)),
    vote("a vote with another's name", { ...one!, voter: authorities[1]!.publicKey }, false),
  ];
  const { slotMs } = genesis.config;
  return { genesisId: hex(genesis.id), slotMs, votes, certificates, proofs, evidence };
}
