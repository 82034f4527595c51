import { AuthorityNode } from "../../../protocols/index.ts";
import { computeDomain, signingRoot } from "../../../src/types/domain.ts";
import { GenesisPayload } from "../../../src/types/genesis.ts";
import { Block, Header, SignedHeader, State, Transaction, Transfer } from "../../../src/types/index.ts";
import { compareBytes } from "../../../src/util/bytes.ts";
import { chainConfig, type Tip, users } from "../../unit/support/chain.ts";
import { signedAuthorityNode } from "./authority-node.ts";
import type { MadeChain } from "./chain.ts";
import { hex, typed } from "./text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Returns the whole state after the last block of `tip`. */
function stateAfter({ state, snapshot }: Tip): State {
  const accounts = state();
  const { parameters, recovery, ...authorities } = snapshot;
  return {
    accounts: Array.from({ length: accounts.count }, (_, index) => accounts.account(index)),
    authorities,
    parameters,
    recovery,
  };
}

/** The payload of a genesis block of another chain, which has names and counts in cents. */
function namedPayload(): GenesisPayload {
  const addresses = users.slice(0, 2).map(({ publicKey }) => publicKey);
  const names = addresses
    .sort(compareBytes)
    .map((address, at) => ({ address, name: utf8(["Zoë", "李"][at]!) }));
  return {
    config: chainConfig(2, { symbol: utf8("EUR"), decimals: 2, names }),
    coinbase: { balances: [{ address: addresses[0]!, balance: 1n }] },
  };
}

/** Returns `types.json`. */
export async function makeTypes({ genesis, tips }: MadeChain) {
  const genesisId = genesis.id;
  const { node, root, authority, signature } = await signedAuthorityNode(genesisId);
  const blocks = tips.at(-1)!.blocks;
  const transactions = blocks.flatMap((block) => block.transactions);
  const withMemo = transactions.find(({ message }) => message.memo.length > 0)!;
  const voting = tips.find(({ snapshot }) => snapshot.openVotes.length > 0)!;
  const signatures = [
    {
      type: "header",
      root: Header.hashTreeRoot(blocks[0]!.header.message),
      by: blocks[0]!.header.message.proposer,
      signature: blocks[0]!.header.signature,
    },
    {
      type: "transaction",
      root: Transfer.hashTreeRoot(withMemo.message),
      by: withMemo.message.from,
      signature: withMemo.signature,
    },
    {
      type: "genesis",
      root: Header.hashTreeRoot(genesis.block.header.message),
      by: genesis.block.header.message.proposer,
      signature: genesis.block.header.signature,
    },
    { type: "authorityNode", root, by: authority, signature },
  ] as const;
  return {
    genesisId: hex(genesisId),
    objects: [
      typed(Transfer, withMemo.message, "a transfer with a memo"),
      typed(Transaction, withMemo, "its root is the transaction's id"),
      typed(Transaction, transactions[0]!, "a transaction without a memo"),
      typed(Header, blocks[1]!.header.message, "a header with a vote; its root is the block's id"),
      typed(SignedHeader, blocks[1]!.header, "the same with its signature"),
      typed(Block, blocks[1]!, "a block with two transactions"),
      typed(
        State,
        stateAfter(voting),
        `the state after block ${voting.header.height} of chain.json, with an open vote; its root is the block's stateRoot`,
      ),
      typed(GenesisPayload, namedPayload(), "the payload of a genesis block with a unit and names"),
      typed(AuthorityNode, node, "what the authority of an exchange in wire.json signs"),
    ],
    signatures: signatures.map(({ type, root, by, signature }) => {
      const domain = computeDomain(type, type === "genesis" ? new Uint8Array(32) : genesisId);
      const bytes = {
        objectRoot: hex(root),
        domain: hex(domain),
        signingRoot: hex(signingRoot(root, domain)),
      };
      return { type, ...bytes, publicKey: hex(by), signature: hex(signature) };
    }),
  };
}
