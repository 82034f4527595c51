import type { CheckedGenesis } from "../../src/chain/genesis.ts";
import type { HeadChange, WeightedHeader } from "../../src/chain/types.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import type { FinalityStatus } from "../../src/consensus/index.ts";
import { type Address, encodeAddress } from "../../src/crypto/address.ts";
import type { PeerOffence } from "../../src/network/types.ts";
import type { ChainServices } from "../../src/node/chain-services.ts";
import type { EvidenceSummary } from "../../src/sync/evidence-list.ts";
import type { BlockRef, Recovery, SignedFinalityVote } from "../../src/types/index.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";
import { accountsOf } from "./accounts.ts";
import { BlockWatch } from "./block-watch.ts";
import { EvidenceWatch } from "./evidence-watch.ts";
import { verify } from "./keys.ts";
import type { ForgedBlock } from "./liars/knowledge.ts";
import { hasCauseToLeave } from "./mode-watch.ts";
import type { SimNode } from "./node.ts";
import { promises } from "./promises.ts";
import { SignatureWatch } from "./signature-watch.ts";

/** The error of a broken rule of the whole network. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.rule = rule;
  }
}

/** Observes all nodes and checks after every change the rules that hold for all of them together. */
export class Oracle {
  readonly #genesis: CheckedGenesis;
  readonly #watch: BlockWatch;
  /** The only finalized chain: ids by height. */
  readonly #finalized = new Map<number, Hex>();
  /** The finalized chain of nodes that follow the recovery. Up to the recovery's block it is that of all nodes. */
  #recovered = new Map<number, Hex>();
  readonly signatures: SignatureWatch;
  readonly evidenceWatch: EvidenceWatch;
  /** The first rule that was broken. */
  violation: Violation | undefined;
  readonly errors = new Map<string, number>();
  readonly #honest: ReadonlySet<Address>;
  finalizedHeight = 0;

  constructor(genesis: CheckedGenesis, honest: readonly Uint8Array[], offenders: readonly Uint8Array[]) {
    this.#genesis = genesis;
    this.evidenceWatch = new EvidenceWatch(genesis, offenders);
    this.#honest = new Set(honest.map(encodeAddress));
    this.signatures = new SignatureWatch(genesis, honest, (rule, detail) => this.report(rule, detail));
    this.#watch = new BlockWatch({
      genesis,
      honest,
      isFinal: (height, id) => this.#finalized.get(height) === id,
      report: (rule, detail) => this.report(rule, detail),
    });
    this.#finalized.set(0, genesis.idHex);
  }

  get highest(): number {
    return this.#watch.highest;
  }

  /** The highest least fee that has applied to any block. */
  get highestMinFee(): bigint {
    return this.#watch.highestMinFee;
  }

  /** Tells the oracle that some nodes follow a recovery from now on. */
  recover(recovery: Recovery): void {
    const { height, id } = recovery.block;
    this.#recovered = new Map([...this.#finalized].filter(([at]) => at <= height));
    if (this.#recovered.get(height) !== toHex(id))
      this.report("recovery of a block that is not final", toHex(id));
    this.#watch.recover(recovery);
  }

  report(rule: string, detail: string): void {
    this.violation ??= new Violation(rule, detail);
  }

  /** Follows a process of a node. */
  watch(node: SimNode, services: ChainServices): void {
    const { chain } = services;
    // The event of the head may have been lost with the process that stored it.
    this.#learn(chain.head, node);
    chain.events.on("imported", (head) => this.#learn(head, node));
    if (node.faulty) return;
    let finality: FinalityStatus = chain.finality;
    this.#checkFinalized(node, finality);
    void this.#checkState(node, services);
    chain.events.on("head", (change) => this.#onHead(node, services, change, finality));
    chain.events.on("finality", (next) => {
      if (
        next.finalized.height < finality.finalized.height ||
        next.justified.round < finality.justified.round
      )
        this.report("finality goes back", `${node.name}: ${describe(finality)} -> ${describe(next)}`);
      finality = next;
      this.#checkFinalized(node, next);
      this.#checkDescent(node, services);
    });
  }

  /** Records votes that reached an honest node after checking their signatures, since anybody can invent votes. */
  async onVotes(votes: readonly SignedFinalityVote[]): Promise<void> {
    for (const vote of votes) {
      const { message, voter: publicKey, signature } = vote;
      const root = voteSigningRoot(message, this.#genesis.id);
      if ((await verify([{ publicKey, message: root, signature }]))[0]) this.signatures.onVote(vote, true);
    }
  }

  onPenalty(node: SimNode, peer: SimNode | undefined, offence: PeerOffence, detail: string): void {
    if (!promises.blame || node.faulty || !peer || peer.faulty) return;
    if (offence === "timeout" || offence === "rateLimited") return;
    this.report("honest node penalized", `${node.name} penalizes ${peer.name}: ${offence} ${detail}`);
  }

  /** Checks that a node in step leaves `ready` only for a checked reason. */
  onMode(
    node: SimNode,
    mode: string,
    nodes: readonly SimNode[],
    forged: ReadonlyMap<Hex, ForgedBlock> = new Map(),
  ): void {
    if (!promises.modes || node.faulty || mode !== "boot") return;
    if (!hasCauseToLeave(node, nodes, this.#watch.blocks, forged))
      this.report("left ready without cause", `${node.name} at ${node.services?.chain.head.height}`);
  }

  /** Checks the evidence of all nodes at the end of a run, once all is well again. */
  async checkEvidence(nodes: readonly SimNode[], nowMs: number): Promise<void> {
    if (!promises.evidence) return;
    for (const node of nodes) {
      const [missing] = node.faulty ? [] : await this.evidenceWatch.missing(node, nowMs);
      if (missing) this.report("double signature without evidence", `${node.name}: ${missing}`);
    }
  }

  onError(node: SimNode, message: string, { offender, offence }: Partial<EvidenceSummary>): void {
    if (node.faulty) return;
    if (offender && this.#honest.has(offender))
      this.report("evidence against an honest node", `${node.name}: ${offence} of ${offender}`);
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
    if (message.includes("are both final")) this.report("conflicting finality", `${node.name}: ${message}`);
  }

  /** True if `id` is `ancestor` or descends from it. */
  descends(id: Hex, ancestor: { height: number; id: Hex }): boolean {
    return this.#watch.ancestorAt(id, ancestor.height) === ancestor.id;
  }

  #learn(head: WeightedHeader, { recovered }: SimNode): void {
    if (head.height === 0) return;
    this.signatures.onHeader(head.header.message, head.idHex);
    this.#watch.learn(head, recovered);
  }

  /** Checks a new head; `before` is the block that was final for the node until then. */
  #onHead(
    node: SimNode,
    services: ChainServices,
    { retracted, applied }: HeadChange,
    before: FinalityStatus,
  ): void {
    for (const block of applied) this.#learn(block, node);
    for (const block of retracted) {
      if (block.height <= before.finalized.height)
        this.report(
          "finalized block retracted",
          `${node.name}: height ${block.height}, ${block.idHex.slice(0, 8)}`,
        );
    }
    this.#watch.onHead(node, services, applied);
    this.#checkDescent(node, services);
    if (retracted.length > 0) void this.#checkState(node, services);
  }

  /** Checks that all finalized blocks of all nodes, at any time, are on one chain. */
  #checkFinalized(node: SimNode, { finalized }: FinalityStatus): void {
    let at: { height: number; id: Hex } = { height: finalized.height, id: toHex(finalized.block) };
    this.finalizedHeight = Math.max(this.finalizedHeight, at.height);
    const chain = node.recovered ? this.#recovered : this.#finalized;
    for (;;) {
      const known = chain.get(at.height);
      if (known === at.id) return;
      if (known) {
        const detail = `${node.name} has ${at.id.slice(0, 8)} at height ${at.height}, another ${known.slice(0, 8)}`;
        this.report("conflicting finality", detail);
        return;
      }
      chain.set(at.height, at.id);
      const block = this.#watch.blocks.get(at.id);
      if (!block) return;
      at = { height: at.height - 1, id: block.parent };
    }
  }

  /** Checks that the head descends from the justified block and from the finalized one. */
  #checkDescent(node: SimNode, { chain }: ChainServices): void {
    for (const [name, block] of [
      ["justified", chain.justified],
      ["finalized", chain.finalized],
    ] as const) {
      if (!this.descends(chain.head.idHex, hexRef(block)))
        this.report(
          `head not on ${name}`,
          `${node.name}: head ${chain.head.height} ${chain.head.idHex.slice(0, 8)}`,
        );
    }
  }

  /**
   * Checks that the state matches the header. For a block that was just executed, the node has compared them itself.
   */
  async #checkState(node: SimNode, { chain }: ChainServices): Promise<void> {
    const { state, head } = chain;
    // A recovery changes the state after its block, and the state root with it.
    const isChanged = chain.tree.recoveries.names(head.id);
    const snapshot = isChanged ? await chain.tree.stateAfter(head.id) : chain.snapshot;
    if (chain.head !== head) return;
    const expected = this.#watch.blocks.get(head.idHex)?.stateRoot;
    const root = toHex(accountsOf(state).stateRoot(snapshot));
    if (expected && root !== expected)
      this.report(
        "wrong state",
        `${node.name}: height ${head.height}, ${root.slice(0, 8)} not ${expected.slice(0, 8)}`,
      );
  }
}

function hexRef({ height, id }: BlockRef): { height: number; id: Hex } {
  return { height, id: toHex(id) };
}

function describe({ justified, finalized }: FinalityStatus): string {
  return `justified ${justified.round}/${justified.height}, finalized ${finalized.round}/${finalized.height}`;
}
