import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { apply, genesisState, recover } from "../../second/chain.ts";
import { makeVectors } from "../../second/make-vectors.ts";
import {
  domainOf,
  isCertified,
  isFinal,
  isSigned,
  isVoteSigned,
  offenceOf,
  signingRoot,
} from "../../second/signing.ts";
import { decode, root } from "../../second/ssz.ts";
import { nameOf, text, type Vector, value, vectors } from "./read-vectors.ts";

const { types, finality, chain, recovery } = vectors;

test("the vectors are what the reference makes", async () => {
  for (const [name, made] of Object.entries(await makeVectors())) expect(text(name), name).toBe(made);
});

// Only the second implementation checks the rest.

test.each(
  [
    ...types.objects,
    ...finality.votes,
    ...finality.certificates,
    ...finality.proofs,
    ...finality.evidence,
    ...recovery.recoveries,
    ...recovery.invalid,
  ].map(nameOf) as [string, Vector][],
)("root: %s", (_, vector) => {
  expect(root(vector.type, value(vector))).toBe(vector.root);
});

test.each(types.signatures.map(nameOf) as [string, Vector][])("signature of a %s", (_, vector) => {
  expect(domainOf(vector.type, types.genesisId)).toBe(vector.domain);
  expect(signingRoot(vector.objectRoot, vector.domain)).toBe(vector.signingRoot);
  expect(isSigned(vector.signingRoot, vector.publicKey, vector.signature)).toBe(true);
});

test.each(finality.votes.map(nameOf) as [string, Vector][])("vote: %s", (_, vector) => {
  const vote = value(vector);
  expect(root("FinalityVote", vote.message)).toBe(vector.objectRoot);
  expect(isVoteSigned(vote, finality.genesisId)).toBe(vector.signed);
});

test.each(finality.certificates.map(nameOf) as [string, Vector][])("certificate: %s", (_, vector) => {
  expect(isCertified(value(vector), vector.set, finality.genesisId)).toBe(vector.valid);
});

test.each(finality.proofs.map(nameOf) as [string, Vector][])("proof: %s", (_, vector) => {
  const sets: [string[], string[]] = [vector.justificationSet, vector.finalizationSet];
  expect(isFinal(value(vector), sets, finality.genesisId)).toBe(vector.final);
});

test.each(finality.evidence.map(nameOf) as [string, Vector][])("evidence: %s", (_, vector) => {
  expect(offenceOf(value(vector), finality.genesisId, BigInt(finality.slotMs)) ?? null).toBe(vector.offence);
});

test("the second implementation shares no code with the first", () => {
  const folder = new URL("../../second/", import.meta.url);
  for (const file of ["bech32m.ts", "chain.ts", "signing.ts", "ssz.ts", "wire.ts"]) {
    const imports = readFileSync(new URL(file, folder), "utf8").matchAll(/\bfrom "(.+)"|\bimport\((.+)\)/g);
    for (const [, name] of imports) expect(name, file).toMatch(/^(node:|\.\/|@noble\/ed25519$)/);
  }
});

test("the second implementation follows both recoveries to the same states, and refuses those that are not valid", () => {
  const genesis = decode("GenesisBlock", Buffer.from(chain.genesis.encoded, "hex"));
  const { config } = genesis.payload;
  const states = new Map<bigint, Vector>();
  let state = genesisState(genesis);
  let parent = genesis.header.message;
  const follow = ({ encoded, id, stateRoot }: Vector) => {
    const block = decode("Block", Buffer.from(encoded, "hex"));
    state = apply(state, parent, block, config, chain.genesis.id);
    parent = block.header.message;
    expect([root("Header", parent), root("State", state)]).toEqual([id, stateRoot]);
    states.set(parent.height, [state, parent]);
  };
  for (const vector of chain.blocks) follow(vector);
  let before: Vector;
  for (const vector of recovery.recoveries) {
    const next = value(vector);
    [state, parent] = states.get(next.block.height);
    expect(root("Header", parent)).toBe(next.block.id);
    for (const wrong of recovery.invalid)
      expect(
        () => recover(state, value(wrong), value(recovery.recoveries[0]), config, chain.genesis.id),
        wrong.about,
      ).toThrow();
    state = recover(state, next, before, config, chain.genesis.id);
    for (const block of vector.blocks) follow(block);
    before = next;
  }
  expect(state.parameters).toMatchObject({ minFee: 2n, blockReward: 2n, periodMs: 2000n });
});

test("the second implementation follows the chain of 50 blocks to the same states", () => {
  const genesis = decode("GenesisBlock", Buffer.from(chain.genesis.encoded, "hex"));
  expect(root("Header", genesis.header.message)).toBe(chain.genesis.id);
  let state = genesisState(genesis);
  let parent = genesis.header.message;
  let totalDifficulty = 0n;
  expect(chain.blocks).toHaveLength(50);
  for (const vector of chain.blocks) {
    const block = decode("Block", Buffer.from(vector.encoded, "hex"));
    state = apply(state, parent, block, genesis.payload.config, chain.genesis.id);
    parent = block.header.message;
    totalDifficulty += parent.difficulty;
    expect(root("Header", parent)).toBe(vector.id);
    expect(root("State", state)).toBe(vector.stateRoot);
    expect(totalDifficulty).toBe(BigInt(vector.totalDifficulty));
    expect(state.authorities.authorities).toEqual(vector.authoritiesAfter);
    expect(state.authorities.openVotes).toHaveLength(vector.openVotesAfter);
  }
  // The chain went through what its description says.
  const { minFee, blockReward, periodMs, emptyBlockPeriodMs } = state.parameters;
  expect([minFee, blockReward, periodMs, emptyBlockPeriodMs]).toEqual([3n, 2n ** 64n - 1n, 1000n, 0n]);
  expect(state.accounts.filter(({ balance }: Vector) => balance === 2n ** 64n - 1n)).toHaveLength(2);
  expect(chain.blocks[15].authoritiesAfter).toHaveLength(4);
  expect(state.authorities.authorities).toHaveLength(3);
});
