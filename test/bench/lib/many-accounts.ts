import { createAccount } from "../../../src/accounts/index.ts";
import { parseGenesis } from "../../../src/config/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { initGenesis } from "../../../src/node/index.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { cheapScrypt } from "../../e2e/harness/network.ts";
import { TestNode } from "../../e2e/harness/node.ts";
import type { Context } from "../figure.ts";
import { keyFromSeed } from "./sodium.ts";

const balance = 1_000n;

/** Makes a node, without starting it, whose genesis block has this many accounts. */
export async function nodeWithAccounts({ world }: Context, id: number, accounts: number): Promise<TestNode> {
  const node = new TestNode(world, id);
  const { signer } = await createAccount({ paths: node.paths, scrypt: cheapScrypt });
  const { config } = parseGenesis(
    { name: "bench", periodMs: 1_000, authorities: [signer.address], balances: [] },
    "genesis",
  );
  const balances = Array.from({ length: accounts }, (_, index) => ({
    address: keyFromSeed(sha256(uint32Bytes(index))).publicKey,
    balance,
  }));
  await initGenesis({ paths: node.paths, config, coinbase: { balances }, signer, now: Date.now() });
  return node;
}
