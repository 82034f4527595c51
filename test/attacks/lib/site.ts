import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { openAccount, type Signer } from "../../../src/accounts/index.ts";
import { type CheckedGenesis, checkGenesis } from "../../../src/chain/genesis.ts";
import { nodePaths } from "../../../src/config/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { GenesisBlock } from "../../../src/types/index.ts";
import type { AuthoritiesAnswer, FinalityAnswer, Status } from "../../e2e/harness/node.ts";
import { Rogue, type RogueOptions, type RogueTarget } from "../../e2e/harness/rogue.ts";
import type { Job, JobTarget, Offence, Report } from "./job.ts";

/** Number of recorded offences, enough to tell whether all offenders were banned. */
const maxOffences = 1_000;
/** Delay before a banned peer returns under a new id. */
const comeBackMs = 1_000;

export interface Place extends RogueTarget, JobTarget {
  /** The index among the targets; -1 for the joiner. */
  index: number;
}

/** A member of a crowd. */
export interface Member {
  rogue: Rogue;
  place: Place;
  /** Its number in the crowd, which later ids keep. */
  slot: number;
  /** Records that the next step is an offence that the node can prove. */
  offend(): void;
}

export interface CrowdOptions extends Omit<RogueOptions, "localAddress" | "onClosed"> {
  places?: readonly Place[];
  comeBackMs?: number;
}

/** The means of an attack: addresses, targets, keys and counters. */
export class Site {
  readonly job: Job;
  readonly signal: AbortSignal;
  readonly places: readonly Place[];
  readonly joiner: Place;
  readonly #counts = new Map<string, number>();
  readonly #offences = new Map<string, Offence>();

  constructor(job: Job, signal: AbortSignal) {
    this.job = job;
    this.signal = signal;
    // Each member of the crowd leaves by itself.
    const world = { onEnd: () => undefined };
    const place = (target: JobTarget, index: number): Place => ({
      ...target,
      index,
      world,
      peers: () => Promise.resolve([]),
    });
    this.places = job.targets.map(place);
    this.joiner = place(job.joiner, -1);
  }

  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  report(): Report {
    return { counts: Object.fromEntries(this.#counts), offences: [...this.#offences.values()] };
  }

  /** Waits; ends early without an error when the attack ends. */
  async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }

  /** Calls `act` at this rate, one call after another, until it throws, `still` is false or the attack ends. */
  async repeat(perSecond: number, act: () => unknown, still: () => boolean = () => true): Promise<void> {
    const startedAt = performance.now();
    let calls = 0;
    while (!this.signal.aborted && still()) {
      const due = ((performance.now() - startedAt) * perSecond) / 1_000;
      // Missed calls are not made up for.
      calls = Math.max(calls, due - perSecond);
      while (calls < due && !this.signal.aborted && still()) {
        await act();
        calls++;
      }
      await this.pause(Math.max(5, Math.min(250, 1_000 / perSecond)));
    }
  }

  /** Returns an address of this machine in turn. */
  address(slot: number): string {
    const { addresses } = this.job;
    return addresses[slot % addresses.length]!;
  }

  /**
   * Keeps this many peers connected, spread over the targets and this machine's addresses. Each runs `act`; when that
   * has ended, or the node has closed the connection, it returns under a new id.
   */
  async crowd(size: number, options: CrowdOptions, act: (member: Member) => Promise<unknown>): Promise<void> {
    await Promise.all(
      Array.from({ length: size }, async (_, slot) => {
        await this.pause(slot * 50);
        while (!this.signal.aborted) {
          await this.#once(slot, options, act);
          await this.pause(options.comeBackMs ?? comeBackMs);
        }
      }),
    );
  }

  async #once(slot: number, options: CrowdOptions, act: (member: Member) => Promise<unknown>): Promise<void> {
    const { places = this.places, ...rest } = options;
    const place = places[slot % places.length]!;
    let rogue: Rogue | undefined;
    let wasIn = false;
    let offence: Offence | undefined;
    const closed = () => {
      if (offence) offence.closedMs ??= Date.now();
    };
    try {
      rogue = await Rogue.create(place, {
        ...rest,
        localAddress: this.address(Math.floor(slot / places.length)),
        onClosed: closed,
      });
      await rogue.dial();
      wasIn = true;
      this.count("ids");
      const { id } = rogue;
      const offend = () => {
        if (offence || this.#offences.size >= maxOffences) return;
        offence = { id, node: place.index, atMs: Date.now() };
        this.#offences.set(id, offence);
      };
      await act({ rogue, place, slot, offend });
    } catch {
      // The following code handles the end.
    } finally {
      if (!wasIn) this.count("notLetIn");
      else if (!rogue?.connected) this.count("shutOut");
      if (offence && offence.closedMs === undefined) offence.left = true;
      await rogue?.leave().catch(() => undefined);
    }
  }

  /** Resolves to the status that a target reports. */
  status(place?: JobTarget): Promise<Status> {
    return this.#get("/v1/status", place);
  }

  /** Resolves to what a target reports as justified and final. */
  finality(place?: JobTarget): Promise<FinalityAnswer> {
    return this.#get("/v1/finality", place);
  }

  /** Resolves to what a target reports of the authorities, and its evidence against them. */
  authorities(place?: JobTarget): Promise<AuthoritiesAnswer> {
    return this.#get("/v1/authorities", place);
  }

  async #get<T>(path: string, place: JobTarget = this.places[0]!): Promise<T> {
    const answer = await fetch(place.url + path, { signal: AbortSignal.timeout(5_000) });
    return (await answer.json()) as T;
  }

  async genesis(): Promise<CheckedGenesis> {
    const bytes = await readFile(this.job.genesisFile);
    return checkGenesis(GenesisBlock.deserialize(Uint8Array.from(bytes)), verifySignatures);
  }

  /** Resolves to the key of the coalition's authority. */
  authority(): Promise<Signer> {
    const { dataDir, nodeId } = this.job.authority;
    return openAccount({ paths: nodePaths(dataDir, nodeId) });
  }
}
