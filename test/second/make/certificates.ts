import type { CheckedGenesis } from "../../../src/chain/genesis.ts";
import { checkSigners } from "../../../src/chain/vote-check.ts";
import { certificateOf, quorum } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { Certificate, type FinalityVote } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { authorities, codeOf, signer } from "../../unit/support/chain.ts";
import { signedVote } from "../../unit/support/votes.ts";
import { hex, typed } from "./text.ts";

/** Describes a certificate with the set of its target, and whether a quorum of that set has signed it. */
export async function certificateVector(
  about: string,
  certificate: Certificate,
  set: readonly Uint8Array[],
  genesisId: Uint8Array,
) {
  const code = await codeOf(checkSigners(certificate, set, { genesisId, verify: verifySignatures }));
  return { ...typed(Certificate, certificate, about), set: set.map(hex), valid: code === "no error" };
}

const everybody = [...authorities, ...[6, 7, 8, 9].map(signer)];

/** Certificates of a link by sets of 3, 6 and 9, where two thirds are a whole number, and what is wrong with most. */
export async function certificatesOfSets(genesis: CheckedGenesis, { source, target }: FinalityVote) {
  const certificates = [];
  for (const count of [3, 6, 9]) {
    const members = everybody.slice(0, count).sort((a, b) => compareBytes(a.publicKey, b.publicKey));
    const set = members.map(({ publicKey }) => publicKey);
    const sign = (by: typeof everybody) =>
      Promise.all(by.map((one) => signedVote(one, genesis, source, target)));
    const enough = await sign(members.slice(0, quorum(count)));
    const few = enough.slice(0, -1);
    const [stranger] = await sign([signer(99)]);
    const [first, ...others] = enough;
    const of = (votes: typeof enough) => certificateOf({ source, target }, votes);
    const good = of(enough);
    const cases: [string, Certificate][] = [
      ["a quorum", good],
      ["two thirds: one vote too few", of(few)],
      ["two thirds, and one of them twice", of([...few, few[0]!])],
      ["two thirds, and a stranger", of([...few, stranger!])],
      [
        "a quorum, one with another's signature",
        of([...others, { ...first!, signature: others[0]!.signature }]),
      ],
      [
        "a quorum in descending order",
        { ...good, voters: good.voters.toReversed(), signatures: good.signatures.toReversed() },
      ],
      ["a quorum, one without a signature", { ...good, signatures: good.signatures.slice(0, -1) }],
    ];
    for (const [about, certificate] of cases)
      certificates.push(
        await certificateVector(`${count} authorities: ${about}`, certificate, set, genesis.id),
      );
  }
  return certificates;
}
