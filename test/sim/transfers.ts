import type { Genesis } from "../../src/chain/genesis.ts";
import { computeDomain, signingRoot, type Transaction, Transfer } from "../../src/types/index.ts";
import { type Hex, toBinary } from "../../src/util/bytes.ts";
import { accounts } from "./keys.ts";
import type { SimNode } from "./node.ts";
import type { Oracle } from "./oracle.ts";
import type { Random } from "./random.ts";

/** The accounts that send. Those before them are authorities, observers and candidates. */
export const senders = accounts.slice(24, 30);
/** Sends only the transfer that shows that all is well again. */
export const lastSender = accounts[30]!;
/** The receivers, some of which have no account before. */
const receivers = accounts.slice(20, 36);

/** A transfer that a node has promised to keep. */
interface Acknowledged {
  node: SimNode;
  /** The number of restores at that time: older data that is restored holds no later promise. */
  restores: number;
  id: Hex;
  from: Uint8Array;
  nonce: number;
  fee: bigint;
}

/**
 * Returns a fee with which the last transfer does not wait for others, whatever the limits of blocks and fees are by
 * then.
 */
function feeOf(sender: (typeof accounts)[number], drawn: number): bigint {
  return sender === lastSender ? 100n : BigInt(drawn);
}

/** Clients that send transfers to any node and remember the promises that they got. */
export class Transfers {
  readonly #genesis: Genesis;
  readonly #random: Random;
  readonly acknowledged: Acknowledged[] = [];

  constructor(genesis: Genesis, random: Random) {
    this.#genesis = genesis;
    this.#random = random;
  }

  /** Sends a transfer as a client of this node. */
  async send(node: SimNode, sender = this.#random.pick(senders)): Promise<Uint8Array | undefined> {
    const { services } = node;
    if (!services) return undefined;
    const random = this.#random;
    const gap = random.chance(0.1) ? random.int(1, 2) : 0;
    const message: Transfer = {
      from: sender.publicKey,
      to: random.pick(receivers).publicKey,
      amount: BigInt(random.int(0, 50)),
      fee: feeOf(sender, random.int(0, 9)),
      nonce: services.mempool.pendingNonce(sender.publicKey) + (sender === lastSender ? 0 : gap),
      validUntil: 0,
      memo: new Uint8Array(),
    };
    const root = signingRoot(Transfer.hashTreeRoot(message), computeDomain("transaction", this.#genesis.id));
    const transaction: Transaction = { message, signature: await sender.sign(root) };
    const [outcome] = await services.mempool.add(services.mempool.records([transaction]), "local");
    if (!outcome?.accepted) return undefined;
    const { idHex: id } = outcome.record;
    this.acknowledged.push({
      node,
      restores: node.restores,
      id,
      from: sender.publicKey,
      nonce: message.nonce,
      fee: message.fee,
    });
    return outcome.record.id;
  }

  /**
   * Checks that each acknowledged transfer is in the chain, still waits at the node that promised it, or has lost its
   * nonce to another transfer; or that a vote has raised the least fee above its fee.
   */
  async check(oracle: Oracle): Promise<void> {
    for (const { node, restores, id, from, nonce, fee } of this.acknowledged) {
      const { services } = node;
      if (!services || node.faulty || node.restores !== restores) continue;
      const { chain, mempool } = services;
      if (fee < oracle.highestMinFee) continue;
      if (nonce < (chain.state.get(from)?.nonce ?? 0)) continue;
      if (mempool.get(id)) continue;
      const replaced = [...mempool.entries()].some(
        (entry) => entry.nonce === nonce && entry.sender === toBinary(from),
      );
      if (!replaced)
        oracle.report(
          "transfer lost",
          `${node.name} acknowledged ${id.slice(0, 10)}, nonce ${nonce}, and has lost it`,
        );
    }
  }
}
