import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxProofDepth } from "../../../src/chain/account-proof.ts";
import {
  Client,
  genesisTrust,
  keyFromSeed,
  type StepName,
  signTransfer,
  type TransactionProof,
  type Trust,
  verifyAccountProof,
  verifyCertificate,
  verifyParametersProof,
  verifyTransactionProof,
} from "../../../src/client/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { compareBytes, uint32Bytes } from "../../../src/util/bytes.ts";
import { finalize } from "../api/finalize.ts";
import { alice, bob, type Fixture, signer, startFixture } from "../api/fixture.ts";

const authorities = [11, 12, 13, 14].map(signer).sort((a, b) => compareBytes(a.publicKey, b.publicKey));
/** A quorum of four. */
const voters = authorities.slice(1);

// biome-ignore lint/suspicious/noExplicitAny: members are reached by name
type Any = any;
type Change = (value: Any) => unknown;

/** Changes the member at `path`, which consists of names and indexes. */
function replace(object: Any, path: string, change: Change): void {
  const names = path.split(".");
  const last = names.pop()!;
  const parent = names.reduce((value, name) => value[name], object);
  parent[last] = change(parent[last]);
}

/** The chain has 9 blocks, of which block 4 has its own finalizing certificate. */
describe("proofs", () => {
  let node: Fixture;
  let client: Client;
  let trust: Trust;
  const ids: string[] = [];
  const balances: string[] = [];

  const send = async (to: string) => {
    const key = await keyFromSeed(sha256(uint32Bytes(2)));
    const { pendingNonce: nonce } = await client.account(key.address);
    const signed = await signTransfer(key, trust.genesisId, { to, amount: 10n, fee: 1n, nonce });
    return client.submit(signed);
  };

  beforeAll(async () => {
    node = await startFixture({ authorities });
    client = new Client(node.server.url);
    const { genesisId } = await client.status();
    trust = genesisTrust(await client.block(0), genesisId!);
    balances.push((await client.account(alice.address)).balance);
    for (let height = 1; height <= 9; height++) {
      // Every block but the empty block 7 creates accounts.
      for (let count = 0; count < 3 && height !== 7; count++)
        ids.push(await send(count === 0 ? bob.address : signer(100 * height + count).address));
      await node.produce();
      balances.push((await client.account(alice.address)).balance);
      if (height === 6) await finalize(node.chain, 4, voters);
    }
  });
  afterAll(() => node.close());

  const other = `0x${"12".repeat(32)}`;

  /** Requests a proof of the third transaction of a block. */
  const transactionIn = (height: number) => client.transactionProof(ids[3 * height - 1]!);

  it("trusts the genesis authorities only for the right genesis id", async () => {
    expect(trust.authorities).toEqual(authorities.map(({ address }) => address));
    const block = await client.block(0);
    const wrong = expect.objectContaining({ code: "WRONG_GENESIS" });
    const genesis = { ...block.genesis!, authorities: trust.authorities.slice(1) };
    expect(() => genesisTrust({ ...block, genesis }, trust.genesisId)).toThrow(wrong);
    expect(() => genesisTrust({ ...block, timestamp: 1 }, trust.genesisId)).toThrow(wrong);
    expect(() => genesisTrust(block, ids[0]!)).toThrow(wrong);
    const many = { ...block.genesis!, balanceCount: 2000 };
    expect(() => genesisTrust({ ...block, genesis: many }, trust.genesisId)).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
  });

  it("proves that a transaction is final", async () => {
    const proof = await transactionIn(4);
    expect(proof).toMatchObject({ block: { height: 4 }, index: 2, finality: { headers: [] } });
    const { verdict, steps } = await verifyTransactionProof(proof, trust);
    expect(verdict).toBe("final");
    expect(steps.map(({ name, ok }) => [name, ok])).toEqual(
      [
        "transaction",
        "inclusion",
        "header",
        "ancestry",
        "links",
        "justification",
        "finalization",
        "trust",
      ].map((name) => [name, true]),
    );
  });

  it("proves by the headers up to the finalized block that older transactions are final", async () => {
    const proof = await transactionIn(1);
    expect(proof.finality?.headers.map(({ height }) => height)).toEqual([2, 3, 4]);
    expect(await verifyTransactionProof(proof, trust)).toMatchObject({ verdict: "final" });
  });

  it("proves only that newer transactions are included", async () => {
    const proof = await transactionIn(6);
    expect(proof.finality).toBeNull();
    const { verdict, steps } = await verifyTransactionProof(proof, trust);
    expect(verdict).toBe("included");
    expect(steps.map(({ name }) => name)).toEqual(["transaction", "inclusion", "header"]);
  });

  it("serves the proof of the block that the request names", async () => {
    const { block } = await transactionIn(2);
    const named = await client.transactionProof(ids[5]!, block.id);
    expect(await verifyTransactionProof(named, trust)).toMatchObject({ verdict: "final" });
    await expect(client.transactionProof(ids[5]!, 3)).rejects.toMatchObject({
      code: "TRANSACTION_NOT_FOUND",
    });
    await expect(client.transactionProof(ids[5]!, 99)).rejects.toMatchObject({ code: "BLOCK_NOT_FOUND" });
    await expect(client.transactionProof(block.id)).rejects.toMatchObject({ code: "TRANSACTION_NOT_FOUND" });
  });

  it("proves the balance of an account at the finalized block, at the head and between", async () => {
    const final = await client.accountProof(alice.address);
    expect(final).toMatchObject({ block: { height: 4 }, account: { balance: balances[4] } });
    expect(await verifyAccountProof(final, trust)).toMatchObject({ verdict: "final" });
    for (let height = 0; height <= 9; height++) {
      const proof = await client.accountProof(alice.address, height);
      expect(proof).toMatchObject({ block: { height }, account: { balance: balances[height] }, index: 0 });
      const verdict = height <= 4 ? "final" : "included";
      expect(await verifyAccountProof(proof, trust)).toMatchObject({ verdict });
    }
    const newest = await client.accountProof(signer(902).address, "head");
    expect(newest.account).toMatchObject({ balance: "10", nonce: 0 });
    expect(await verifyAccountProof(newest, trust)).toMatchObject({ verdict: "included" });
  });

  it("proves the parameters after a block, which is final or only in the chain", async () => {
    const final = await client.parametersProof();
    const { parameters } = await client.status();
    expect(final).toMatchObject({ block: { height: 4 }, parameters });
    expect(await verifyParametersProof(final, trust)).toMatchObject({ verdict: "final" });
    await expect(client.parametersProof(0)).rejects.toMatchObject({ code: "PROOF_NOT_AVAILABLE" });
    const newest = await client.parametersProof("head");
    expect(await verifyParametersProof(newest, trust)).toMatchObject({ verdict: "included" });
    await expect(client.parametersProof(77)).rejects.toMatchObject({ code: "BLOCK_NOT_FOUND" });
  });

  it.each<[string, string, Change]>([
    ["another least fee", "parameters.minFee", () => "7"],
    ["another period", "parameters.periodMs", (periodMs) => periodMs + 1],
    ["another version of the rules", "parameters.rules", (rules) => rules + 1],
    ["another recovery", "branch.0", () => other],
    ["a longer branch", "branch", (branch) => [...branch, other]],
    ["the place of the accounts", "branch", ([a, b]) => [b, a]],
  ])("a proof of parameters fails with %s", async (_what, path, change) => {
    const proof = await client.parametersProof();
    replace(proof, path, change);
    const { verdict, steps } = await verifyParametersProof(proof, trust);
    expect(verdict).toBe("invalid");
    expect(steps).toMatchObject([{ name: "inclusion", ok: false }]);
  });

  it("refuses proofs for accounts that did not exist", async () => {
    const missing = { status: 404, code: "ACCOUNT_NOT_FOUND" };
    await expect(client.accountProof(signer(999).address, "head")).rejects.toMatchObject(missing);
    await expect(client.accountProof(signer(902).address, 8)).rejects.toMatchObject(missing);
    await expect(client.accountProof(alice.address, 77)).rejects.toMatchObject({ code: "BLOCK_NOT_FOUND" });
  });

  it("a proof stays valid while blocks arrive", async () => {
    const asked = Array.from({ length: 8 }, () => client.accountProof(bob.address));
    for (let count = 0; count < 4; count++) await node.produce();
    for (const proof of await Promise.all(asked))
      expect(await verifyAccountProof(proof, trust)).toMatchObject({ verdict: "final" });
  });

  it("a proof includes certificates that can be verified by themselves", async () => {
    const { finalization } = (await transactionIn(4)).finality!;
    expect(await verifyCertificate(finalization, trust.authorities, trust.genesisId)).toBe(true);
    const five = [...trust.authorities, bob.address];
    expect(await verifyCertificate(finalization, five, trust.genesisId)).toBe(false);
    expect(await verifyCertificate(finalization, trust.authorities, ids[0]!)).toBe(false);
  });

  it("a proof needs the signatures of more than a third of the trusted set", async () => {
    const proof = await transactionIn(4);
    const strangers = [21, 22, 23, 24].map((number) => signer(number).address);
    const signed = voters.map(({ address }) => address);
    const verdict = async (trusted: string[]) =>
      (await verifyTransactionProof(proof, { ...trust, authorities: trusted })).verdict;
    expect(await verdict([...signed.slice(0, 2), ...strangers.slice(0, 3)])).toBe("final");
    expect(await verdict([...signed.slice(0, 2), ...strangers])).toBe("invalid");
    expect(await verdict([])).toBe("invalid");
  });

  it.each<[StepName, string, string, Change]>([
    ["transaction", "another amount", "transaction.amount", () => "11"],
    ["transaction", "another id", "transaction.id", () => other],
    ["inclusion", "another place", "index", (index) => index + 1],
    ["inclusion", "a place outside of the list", "index", (index) => index + 2 ** 16],
    ["inclusion", "a shorter branch", "branch", (branch) => branch.slice(1)],
    ["inclusion", "another node", "branch.3", () => other],
    ["inclusion", "another root", "block.transactionsRoot", () => other],
    ["header", "another block id", "block.id", () => other],
    ["header", "another time", "block.timestamp", (timestamp) => timestamp + 1],
    ["header", "another signature", "block.signature", () => `0x${"01".repeat(64)}`],
    ["ancestry", "a gap", "finality.headers", (headers) => headers.slice(1)],
    ["ancestry", "a changed header", "finality.headers.0.stateRoot", () => other],
    ["links", "another finalized block", "finality.headers", (headers) => headers.slice(0, -1)],
    ["links", "a round between", "finality.finalization.target.round", (round) => round + 1],
    ["links", "another justified round", "finality.justification.target.round", (round) => round + 1],
    ["justification", "another header", "finality.justification.header.stateRoot", () => other],
    ["justification", "too few votes", "finality.justification.voters", (voters) => voters.slice(1)],
    ["finalization", "fewer authorities", "finality.finalization.authorities", (all) => all.slice(1)],
    ["finalization", "a vote counted twice", "finality.finalization.voters", ([a, b]) => [a, b, b]],
    ["finalization", "a stranger", "finality.finalization.voters.0", () => alice.address],
    ["finalization", "others' signatures", "finality.finalization.voters", (voters) => voters.reverse()],
    ["finalization", "a changed link", "finality.finalization.target.height", (height) => height + 1],
  ])("a proof of a transaction fails at the step %s with %s", async (name, _what, path, change) => {
    const proof = await transactionIn(1);
    replace(proof, path, change);
    const { verdict, steps } = await verifyTransactionProof(proof, trust);
    expect(verdict).toBe("invalid");
    expect(steps.at(-1)).toMatchObject({ name, ok: false });
    expect(steps.slice(0, -1).every(({ ok }) => ok)).toBe(true);
  });

  it.each<[StepName, string, string, Change]>([
    ["inclusion", "another balance", "account.balance", () => "1000000"],
    ["inclusion", "another nonce", "account.nonce", (nonce) => nonce + 1],
    ["inclusion", "another owner", "account.address", () => bob.address],
    ["inclusion", "a place outside of the list", "index", (index) => index + 2 ** 32],
    ["inclusion", "nonsense", "account.balance", () => "many"],
    ["header", "another height", "block.height", () => 0],
  ])("a proof of an account fails at the step %s with %s", async (name, _what, path, change) => {
    const proof = await client.accountProof(alice.address);
    replace(proof, path, change);
    const { verdict, steps } = await verifyAccountProof(proof, trust);
    expect(verdict).toBe("invalid");
    expect(steps.at(-1)).toMatchObject({ name, ok: false });
  });

  it("a proof fails for another chain, and if parts are missing", async () => {
    const proof = await transactionIn(1);
    const elsewhere = { ...trust, genesisId: other };
    expect((await verifyTransactionProof(proof, elsewhere)).verdict).toBe("invalid");
    const genesis = await client.accountProof(alice.address, 0);
    expect((await verifyAccountProof(genesis, elsewhere)).steps.at(-1)).toMatchObject({
      name: "genesis",
      ok: false,
    });
    expect((await verifyTransactionProof({} as TransactionProof, trust)).verdict).toBe("invalid");
  });

  it("refuses proofs for states far below the head", async () => {
    while (node.chain.head.height <= maxProofDepth) await node.produce();
    await expect(client.accountProof(alice.address, 0)).rejects.toMatchObject({
      status: 404,
      code: "PROOF_NOT_AVAILABLE",
    });
    expect(await client.accountProof(alice.address, 1)).toMatchObject({ account: { balance: balances[1] } });
  });
});
