import { join } from "node:path";
import { expect } from "vitest";
import { checkGenesis } from "../../../src/chain/genesis.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { type NodePaths, nodePaths } from "../../../src/config/index.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { initGenesis } from "../../../src/node/index.ts";
import { withDatabase } from "../../../src/node/open.ts";
import {
  authorities,
  chainConfig,
  genesisTime,
  startBalance,
  type TestChain,
  type Tip,
  testChain,
  users,
} from "./chain.ts";
import { checkpoint, signedVote, testFinalizer } from "./votes.ts";

/** Runs `use` with the chain of a stopped node. */
export function withChain<T>(paths: NodePaths, use: (node: TestChain) => Promise<T>): Promise<T> {
  return withDatabase(paths, async (database) => {
    const block = (await chainStores(database).meta.genesis())!;
    const genesis = await checkGenesis(block, verifySignatures);
    return use(await testChain({ genesis, database }));
  });
}

interface LostMajorityOptions {
  /** False if no block is final. */
  finalized?: boolean;
  chainName?: string;
  /** The names of the first authorities. */
  people?: readonly string[];
}

/** Makes node 1 with four blocks of five authorities, of which the second is final. */
export async function lostMajority(
  dataDir: string,
  { finalized = true, chainName = "test chain", people = ["Anna"] }: LostMajorityOptions = {},
) {
  const paths = nodePaths(dataDir, 1);
  const balances = users.slice(0, 3).map(({ publicKey }) => ({ address: publicKey, balance: startBalance }));
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const names = people.map((name, at) => ({ address: authorities[at]!.publicKey, name: utf8(name) }));
  await initGenesis({
    paths,
    config: { ...chainConfig(5), name: utf8(chainName), names },
    coinbase: { balances },
    signer: authorities[0]!,
    now: genesisTime,
  });
  const tips = await withChain(paths, async (node) => {
    const { maker, genesis, chain } = node;
    const made: Tip[] = [maker.start()];
    for (let height = 1; height <= 4; height++) made.push(await maker.block(made[height - 1]!));
    await node.addAll(made[4]!);
    const points = [
      { round: 0, height: 0, block: genesis.id },
      checkpoint(1, made[2]!),
      checkpoint(2, made[3]!),
    ];
    for (const [index, target] of points.slice(1).entries()) {
      const votes = authorities.map((voter) => signedVote(voter, genesis, points[index]!, target));
      const certificate = certificateOf({ source: points[index]!, target }, await Promise.all(votes));
      if (finalized) await testFinalizer(node).finalizer.addCertificate(certificate);
    }
    expect(chain.finalized.height).toBe(finalized ? 2 : 0);
    return made;
  });
  return { paths, tips, file: join(dataDir, "recovery.json") };
}
