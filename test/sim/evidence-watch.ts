import type { TopicName } from "../../protocols/index.ts";
import type { Genesis } from "../../src/chain/genesis.ts";
import { voteSigningRoot } from "../../src/chain/vote-check.ts";
import { authorityIndex, evidenceSubject, isLink } from "../../src/consensus/index.ts";
import type { ChainServices } from "../../src/node/chain-services.ts";
import { EvidenceStore } from "../../src/storage/evidence.ts";
import { offenderQuota } from "../../src/sync/evidence-inbox.ts";
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

/** Time that a node may take to store evidence after the blocks and votes before it. */
const graceMs = 5_000;

/** A signature that an authority may give only once. */
interface Signed {
  offender: Uint8Array;
  /** The offender, the kind, and the slot or round. */
  key: string;
  root: Hex;
}

interface Heard {
  offender: Uint8Array;
  roots: Set<Hex>;
  /** When the second signature arrived. */
  atMs: number;
}

/**
 * Records every signature of a faulty authority that reaches an honest node by gossip: two that conflict must become
 * evidence there, until there is as much against its signer as a node keeps at once. A message that is not a link from
 * one checkpoint to a later one does not count as a vote, and evidence is kept only against authorities.
 */
export class EvidenceWatch {
  readonly #genesis: Genesis;
  readonly #offenders: ReadonlySet<Hex>;
  /** For each running process, the signatures by offence. */
  readonly #heard = new Map<ChainServices, Map<string, Heard>>();

  constructor(genesis: Genesis, offenders: readonly Uint8Array[]) {
    this.#genesis = genesis;
    this.#offenders = new Set(offenders.map(toHex));
  }

  async onGossip({ services }: SimNode, topic: TopicName, message: Uint8Array, nowMs: number): Promise<void> {
    if (!services || (topic !== "votes" && topic !== "blocks")) return;
    const signed = await this.#read(topic, message);
    if (!signed || !isAuthority(services, signed.offender)) return;
    const byOffence = this.#heard.get(services) ?? new Map<string, Heard>();
    this.#heard.set(services, byOffence);
    const { offender } = signed;
    const heard = byOffence.get(signed.key) ?? { offender, roots: new Set<Hex>(), atMs: nowMs };
    if (heard.roots.size === 1 && !heard.roots.has(signed.root)) heard.atMs = nowMs;
    heard.roots.add(signed.root);
    byOffence.set(signed.key, heard);
  }

  /** Resolves to the offences whose two signatures the node received a while ago without storing evidence. */
  async missing({ services, database }: SimNode, nowMs: number): Promise<string[]> {
    if (!services || !database) return [];
    const kept = new Set<string>();
    /** The number of pieces against each offender. */
    const counts = new Map<Hex, number>();
    for await (const { evidence } of new EvidenceStore(database).all()) {
      const { offender, offence, slot, round } = evidenceSubject(evidence, this.#genesis.config.slotMs);
      kept.add(keyOf(offender, offence, slot ?? round!));
      counts.set(toHex(offender), (counts.get(toHex(offender)) ?? 0) + 1);
    }
    const hasUsedUpRate = (offender: Uint8Array) =>
      (counts.get(toHex(offender)) ?? 0) >= offenderQuota.requests;
    return [...(this.#heard.get(services) ?? [])]
      .filter(([, { roots, atMs }]) => roots.size > 1 && atMs < nowMs - graceMs)
      .filter(([key, { offender }]) => !kept.has(key) && isAuthority(services, offender))
      .filter(([, { offender }]) => !hasUsedUpRate(offender))
      .map(([key]) => key);
  }

  /** Resolves to undefined if the message does not decode, or if no faulty authority has signed it. */
  async #read(topic: "votes" | "blocks", message: Uint8Array): Promise<Signed | undefined> {
    const { id, config } = this.#genesis;
    try {
      if (topic === "votes") {
        const { message: link, voter, signature } = SignedFinalityVote.deserialize(message);
        if (!isLink(link)) return undefined;
        if (!(await this.#isSigned(voter, voteSigningRoot(link, id), signature))) return undefined;
        const key = keyOf(voter, "doubleVote", link.target.round);
        return { offender: voter, key, root: toHex(FinalityVote.hashTreeRoot(link)) };
      }
      const { message: header, signature } = CompactBlock.deserialize(message).header;
      const root = Header.hashTreeRoot(header);
      const signed = signingRoot(root, computeDomain("header", id));
      if (!(await this.#isSigned(header.proposer, signed, signature))) return undefined;
      const { proposer: offender, timestamp } = header;
      const key = keyOf(offender, "header", slotOf(timestamp, config.slotMs));
      return { offender, key, root: toHex(root) };
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

function keyOf(offender: Uint8Array, offence: string, place: number): string {
  return `${toHex(offender)} ${offence} ${place}`;
}

function isAuthority({ chain }: ChainServices, address: Uint8Array): boolean {
  return authorityIndex(chain.snapshot.authorities, address) >= 0;
}
