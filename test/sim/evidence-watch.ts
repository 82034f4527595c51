import type { TopicName } from "../../protocols/index.ts";
import type { Genesis } from "../../src/chain/genesis.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import { isLink } from "../../src/consensus/index.ts";
import { encodeAddress } from "../../src/crypto/address.ts";
import type { ChainServices } from "../../src/node/chain-services.ts";
import {
  CompactBlock,
  computeDomain,
  FinalityVote,
  Header,
  SignedFinalityVote,
  signingRoot,
  slotOf,
} from "../../src/types/index.ts";
import { type Hex, toHex } from "../../src/util/bytes.ts";
import { verify } from "./keys.ts";
import type { SimNode } from "./node.ts";

/** Evidence is stored, after the blocks and votes before it. */
const graceMs = 5_000;

/** A signature that an authority should have given once. */
interface Signed {
  /** Offender, kind, and slot or round. */
  key: string;
  root: Hex;
}

/**
 * Every signature of a faulty authority that gossip brought to an honest node: two that conflict must become evidence there. What is no
 * link from one checkpoint to a later one is no vote, whoever signed it.
 */
export class EvidenceWatch {
  readonly #genesis: Genesis;
  readonly #offenders: ReadonlySet<Hex>;
  /** By running process: what was signed, by offence, with the time when the second came. */
  readonly #heard = new Map<ChainServices, Map<string, { roots: Set<Hex>; atMs: number }>>();

  constructor(genesis: Genesis, offenders: readonly Uint8Array[]) {
    this.#genesis = genesis;
    this.#offenders = new Set(offenders.map(toHex));
  }

  async onGossip({ services }: SimNode, topic: TopicName, message: Uint8Array, nowMs: number): Promise<void> {
    if (!services || (topic !== "votes" && topic !== "blocks")) return;
    const signed = await this.#read(topic, message);
    if (!signed) return;
    const byOffence = this.#heard.get(services) ?? new Map<string, { roots: Set<Hex>; atMs: number }>();
    this.#heard.set(services, byOffence);
    const heard = byOffence.get(signed.key) ?? { roots: new Set<Hex>(), atMs: nowMs };
    if (heard.roots.size === 1 && !heard.roots.has(signed.root)) heard.atMs = nowMs;
    heard.roots.add(signed.root);
    byOffence.set(signed.key, heard);
  }

  /** Offences of which this node has heard both signatures a while ago and keeps no evidence. */
  missing({ services }: SimNode, nowMs: number): string[] {
    if (!services) return [];
    const known = services.evidence.list().map(({ offender, offence, slot, round }) => {
      return `${offender} ${offence === "surround" ? "doubleVote" : offence} ${slot ?? round}`;
    });
    return [...(this.#heard.get(services) ?? [])]
      .filter(([, { roots, atMs }]) => roots.size > 1 && atMs < nowMs - graceMs)
      .filter(([key]) => !known.includes(key))
      .map(([key]) => key);
  }

  /** Undefined where it does not decode, or no faulty authority has signed it. */
  async #read(topic: "votes" | "blocks", message: Uint8Array): Promise<Signed | undefined> {
    const { id, config } = this.#genesis;
    try {
      if (topic === "votes") {
        const { message: link, voter, signature } = SignedFinalityVote.deserialize(message);
        if (!isLink(link)) return undefined;
        if (!(await this.#isSigned(voter, voteSigningRoot(link, id), signature))) return undefined;
        const key = `${encodeAddress(voter)} doubleVote ${link.target.round}`;
        return { key, root: toHex(FinalityVote.hashTreeRoot(link)) };
      }
      const { message: header, signature } = CompactBlock.deserialize(message).header;
      const root = Header.hashTreeRoot(header);
      const signed = signingRoot(root, computeDomain("header", id));
      if (!(await this.#isSigned(header.proposer, signed, signature))) return undefined;
      const slot = slotOf(header.timestamp, config.slotMs);
      return { key: `${encodeAddress(header.proposer)} header ${slot}`, root: toHex(root) };
    } catch {
      return undefined;
    }
  }

  async #isSigned(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!this.#offenders.has(toHex(publicKey))) return false;
    const [valid] = await verify([{ publicKey, message, signature }]);
    return valid === true;
  }
}
