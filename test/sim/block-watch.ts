import type { CheckedGenesis } from "../../src/chain/genesis.ts";
import type { CanonicalBlock, WeightedHeader } from "../../src/chain/types.ts";
import type { ChainServices } from "../../src/node/chain-services.ts";
import { balancesOf } from "../../src/types/genesis.ts";
import type { Header, Recovery } from "../../src/types/index.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";
import { balanceOf } from "./accounts.ts";
import { type KnownBlock, signedRecently } from "./known-blocks.ts";
import type { SimNode } from "./node.ts";
import {
  differenceOf,
  firstRules,
  isVoteOnSet,
  type ReferenceRules,
  recoveredRules,
  rulesAfter,
} from "./reference.ts";

export interface BlockWatchOptions {
  genesis: CheckedGenesis;
  /** The public keys of the honest authorities. */
  honest: readonly Uint8Array[];
  /** True if the block was ever final on some node. */
  isFinal(height: number, id: Hex): boolean;
  report(rule: string, detail: string): void;
}

/** Checks every block that any node imports against a second implementation of the rules. */
export class BlockWatch {
  readonly blocks = new Map<Hex, KnownBlock>();
  readonly #options: BlockWatchOptions;
  readonly #honest: ReadonlySet<Hex>;
  highest = 0;
  highestMinFee = 0n;
  #recovery: Recovery | undefined;

  constructor(options: BlockWatchOptions) {
    this.#options = options;
    this.#honest = new Set(options.honest.map(toHex));
    const { block, config, idHex } = options.genesis;
    const { timestamp, proposer, stateRoot } = block.header.message;
    this.blocks.set(idHex, {
      height: 0,
      parent: "",
      timestamp,
      proposer: toHex(proposer),
      stateRoot: toHex(stateRoot),
      totalDifficulty: 0,
      rules: firstRules(config),
      isRecovered: false,
      supply: balancesOf(block).reduce((sum, { balance }) => sum + balance, 0n),
    });
  }

  /** Tells the watch of a recovery: from now on the nodes that follow it make blocks under it. */
  recover(recovery: Recovery): void {
    this.#recovery = recovery;
  }

  /** Learns a block that has passed the checks of a node, which may follow the recovery. */
  learn({ header, idHex, totalDifficulty }: WeightedHeader, isOfRecovered: boolean): void {
    const { height, timestamp, proposer, stateRoot } = header.message;
    if (height === 0 || this.blocks.get(idHex)?.rules) return;
    const parent = toHex(header.message.parent);
    const isRecovered = isOfRecovered && height > (this.#recovery?.block.height ?? Number.POSITIVE_INFINITY);
    const { supply } = this.blocks.get(parent) ?? {};
    const before = this.#rulesAfter(parent, isRecovered);
    if (before) this.#checkHeader(header.message, parent, before);
    const rules = before && rulesAfter(before, header.message, this.#options.genesis.config);
    if (rules && rules.parameters.minFee > this.highestMinFee) this.highestMinFee = rules.parameters.minFee;
    this.blocks.set(idHex, {
      ...{ height, parent, timestamp, totalDifficulty },
      proposer: toHex(proposer),
      stateRoot: toHex(stateRoot),
      ...{ rules, isRecovered },
      supply: before && supply !== undefined ? supply + before.parameters.blockReward : undefined,
    });
    this.highest = Math.max(this.highest, height);
  }

  /** Checks the blocks of a new head, and the state that the node has computed from them. */
  onHead(
    { name: node, recovered }: SimNode,
    { chain }: ChainServices,
    applied: readonly CanonicalBlock[],
  ): void {
    const { head, snapshot, state } = chain;
    for (const block of applied) this.#checkBody(block, recovered);
    const tooSoon = signedRecently(head.idHex, this.blocks);
    if (tooSoon) this.#options.report("signed recently", tooSoon);
    const { supply } = this.blocks.get(head.idHex) ?? {};
    const rules = this.#rulesAfter(head.idHex, recovered);
    const difference = rules && differenceOf(rules, snapshot);
    if (difference) this.#options.report("wrong rules", `${node} at ${head.height}: ${difference}`);
    const sum = balanceOf(state);
    if (supply !== undefined && sum !== supply)
      this.#options.report("balances not conserved", `${node}: ${sum}, not ${supply}, at ${head.height}`);
  }

  /** Returns the ancestor at a height; undefined if a block on the way is not known. */
  ancestorAt(id: Hex, height: number): Hex | undefined {
    let at: Hex = id;
    for (let block = this.blocks.get(at); block && block.height > height; block = this.blocks.get(at))
      at = block.parent;
    return at;
  }

  /** Returns the rules for a child of the block; undefined if an ancestor is not known. */
  #rulesAfter(id: Hex, isRecovered: boolean): ReferenceRules | undefined {
    const rules = this.blocks.get(id)?.rules;
    const recovery = this.#recovery;
    const isChanged = recovery && isRecovered && id === toHex(recovery.block.id);
    return rules && isChanged ? recoveredRules(recovery) : rules;
  }

  #checkHeader(header: Header, parent: Hex, { authorities, parameters }: ReferenceRules): void {
    const { timestamp } = this.blocks.get(parent)!;
    const { report } = this.#options;
    const proposer = toHex(header.proposer);
    const name = `block ${header.height} of ${proposer.slice(0, 8)}`;
    if (!authorities.includes(proposer)) report("not an authority", name);
    if (header.timestamp < timestamp + parameters.periodMs)
      report("too early", `${name}, ${header.timestamp - timestamp} ms after its parent`);
    if (isVoteOnSet(header) && this.#honest.has(proposer) && !this.#isSetFinal(parent))
      report("vote before the last change of the set is final", name);
  }

  /** True if a final block below this one has the same set. */
  #isSetFinal(id: Hex): boolean {
    const own = this.blocks.get(id)!.rules!.authorities.join();
    let isFinal = false;
    for (let at = this.blocks.get(id), atId = id; at; atId = at.parent, at = this.blocks.get(atId)) {
      isFinal ||= this.#options.isFinal(at.height, atId);
      if (isFinal && (!at.rules || at.rules.authorities.join() === own)) return true;
    }
    return false;
  }

  #checkBody({ header, height, records }: CanonicalBlock, isRecovered: boolean): void {
    const parameters = this.#rulesAfter(toHex(header.message.parent), isRecovered)?.parameters;
    if (!parameters) return;
    const bytes = records.reduce((sum, { encoded }) => sum + encoded.length, 0);
    const isKept =
      records.length <= parameters.maxBlockTransactions &&
      bytes <= parameters.maxBlockBytes &&
      records.every(({ transaction }) => transaction.message.fee >= parameters.minFee);
    if (!isKept)
      this.#options.report("limits not kept", `block ${height}: ${records.length}, ${bytes} bytes`);
  }
}
