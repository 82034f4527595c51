import { expect, test } from "vitest";
import { provedFinalityBody } from "../../../src/api/finality-body.ts";
import { signedHeaderView } from "../../../src/api/views.ts";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { proveAccount } from "../../../src/chain/account-proof.ts";
import { proveFinality } from "../../../src/chain/finality-proof.ts";
import {
  type AccountProof,
  recoveryTrust,
  type Trust,
  verifyAccountProof,
} from "../../../src/client/index.ts";
import { recoveryFile } from "../../../src/config/index.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { encodeAddress } from "../../../src/crypto/address.ts";
import type { Checkpoint } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import {
  authorities,
  codeOf,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { recovered, recoveryAt } from "../support/recovery.ts";
import { checkpoint, signedVote, testFinalizer } from "../support/votes.ts";

const genesis = await testGenesis(5);
const start: Checkpoint = { round: 0, height: 0, block: genesis.id };
/** The new set: one of the old authorities, and a new one. */
const newSet = [...authorities.slice(0, 1), users[0]!];

async function link(node: TestChain, source: Checkpoint, target: Checkpoint, voters: typeof authorities) {
  const votes = await Promise.all(voters.map((voter) => signedVote(voter, genesis, source, target)));
  await testFinalizer(node).finalizer.addCertificate(certificateOf(votes[0]!.message, votes));
}

async function proofAt({ chain, stores }: TestChain, { id }: Tip): Promise<AccountProof> {
  const block = await chain.tree.require(id);
  const proved = await proveAccount(chain, block, users[1]!.publicKey);
  const { address, balance, nonce } = proved.account;
  return JSON.parse(
    JSON.stringify({
      block: signedHeaderView(block),
      account: { address: encodeAddress(address), balance: balance.toString(), nonce },
      index: proved.index,
      branch: proved.branch.map(toHex),
      finality: provedFinalityBody(
        await proveFinality(chain, block, (height) => stores.finality.proofFrom(height)),
      ),
    }),
  );
}

/** Makes a chain whose third block was final before the recovery from it, and whose fourth comes after. */
async function recoveredChain() {
  const node = await testChain({ genesis });
  const { maker } = node;
  const tips: Tip[] = [maker.start()];
  for (let height = 1; height <= 4; height++) tips.push(await maker.block(tips[height - 1]!));
  await node.addAll(tips[4]!);
  await link(node, start, checkpoint(1, tips[2]!), authorities);
  await link(node, checkpoint(1, tips[2]!), checkpoint(2, tips[3]!), authorities);
  const early = await proofAt(node, tips[2]!);
  await link(node, checkpoint(2, tips[3]!), checkpoint(3, tips[4]!), authorities);
  const recovery = recoveryAt(genesis.id, tips[3]!, newSet);
  await acceptRecoveries(node.stores, genesis, [recovery]);
  const after = await node.reopen();
  const four = await maker.block(recovered(tips[3]!, recovery), { by: newSet[0]! });
  const five = await maker.block(four, { by: newSet[1]! });
  for (const tip of [four, five]) await after.add(tip.blocks.at(-1)!);
  const at = { round: recovery.round, height: 3, block: recovery.block.id };
  const waiting = await proofAt(after, tips[3]!);
  await link(after, at, checkpoint(recovery.round + 1, four), newSet);
  await link(after, checkpoint(recovery.round + 1, four), checkpoint(recovery.round + 2, five), newSet);
  return { node: after, tips, four, recovery, early, waiting };
}

const { node, tips, four, recovery, early, waiting } = await recoveredChain();
const file = JSON.parse(JSON.stringify(recoveryFile(genesis.id, [recovery])));
const first = { genesisId: genesis.idHex, authorities: genesis.config.authorities.map(encodeAddress) };
const stepsOf = async (proof: AccountProof, trust: Trust) => {
  const { verdict, steps } = await verifyAccountProof(proof, trust);
  return [verdict, steps.at(-1)?.name, steps.at(-1)?.detail] as const;
};

test("a proof from after a recovery is valid with trust in the recovery's id, and names the recovery otherwise", async () => {
  const trust = recoveryTrust(file, file.recoveries[0].id);
  for (const tip of [four, tips[3]!]) {
    const proof = await proofAt(node, tip);
    expect((await stepsOf(proof, trust))[0]).toBe("final");
    const [verdict, step, detail] = await stepsOf(proof, first);
    expect([verdict, step]).toEqual(["invalid", "trust"]);
    expect(detail).toContain(file.recoveries[0].id);
  }
});

test("a proof from before the recovery is valid without trust in it", async () => {
  for (const proof of [early, await proofAt(node, tips[1]!)])
    for (const trust of [first, recoveryTrust(file, file.recoveries[0].id)])
      expect((await stepsOf(proof, trust))[0]).toBe("final");
});

test("a block whose certificate was for a retracted target has no proof until a later block is final", async () => {
  expect(waiting.finality).toBeNull();
});

test("a certificate with another recovery than its state is refused", async () => {
  const proof = await proofAt(node, four);
  for (const certificate of [proof.finality!.justification, proof.finality!.finalization])
    certificate.recovery = `0x${"00".repeat(32)}`;
  expect((await stepsOf(proof, first)).slice(0, 2)).toEqual(["invalid", "justification"]);
});

test("trust in a recovery is trust in its id", async () => {
  const wrong = async (change: (other: typeof file) => void) => {
    const other = structuredClone(file);
    change(other);
    return codeOf((async () => recoveryTrust(other, file.recoveries[0].id))());
  };
  expect(await wrong(() => undefined)).toBe("no error");
  expect(await wrong((other) => other.recoveries[0].authorities.pop())).toBe("WRONG_RECOVERY");
  expect(await wrong((other) => other.recoveries[0].round++)).toBe("WRONG_RECOVERY");
  expect(await wrong((other) => other.recoveries[0].block.height++)).toBe("WRONG_RECOVERY");
  expect(await wrong((other) => other.recoveries.pop())).toBe("WRONG_RECOVERY");
});
