import { applyHeader, checkHeader } from "../consensus/index.ts";
import type { ExecutionParameters } from "../state/index.ts";
import { BlockError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import type { ChainParameters, ChainSnapshot, Header } from "../types/index.ts";

/**
 * Everything in which versions of the rules differ; the rest of the program is the same for each. A block is made and
 * checked by the version after its parent. If a new version changes something else, move that here; the old versions
 * keep what they had.
 */
export interface Rules {
  readonly version: number;
  /** Stage 3 of docs/consensus.md. @throws {BlockError} */
  readonly checkHeader: typeof checkHeader;
  /** Section 4 of docs/consensus.md. */
  readonly applyHeader: typeof applyHeader;
  /** Fees and rewards, from the current parameters. */
  execution(parameters: ChainParameters): ExecutionParameters;
}

/** The rules that every chain begins with. */
export const rules1: Rules = { version: 1, checkHeader, applyHeader, execution: (parameters) => parameters };

/** The versions of the rules that a program knows, from the first one on. */
export class KnownRules {
  readonly #versions: readonly Rules[];

  /** @throws {Error} if one is missing or not in its place. */
  constructor(versions: readonly Rules[]) {
    const isInOrder = versions.every(({ version }, index) => version === index + 1);
    if (!isInOrder || versions.length === 0)
      throw new Error("versions of the rules follow one another from 1 on");
    this.#versions = versions;
  }

  get newest(): number {
    return this.#versions.length;
  }

  knows({ parameters }: Pick<ChainSnapshot, "parameters">): boolean {
    return parameters.rules <= this.newest;
  }

  /** The rules for a child of a block with this snapshot. @throws {BlockError} `UNKNOWN_RULES` */
  after({ parameters }: Pick<ChainSnapshot, "parameters">): Rules {
    const rules = this.#versions[parameters.rules - 1];
    if (rules) return rules;
    const known = `this program knows versions up to ${this.newest}`;
    throw new BlockError("UNKNOWN_RULES", `it is made by version ${parameters.rules} of the rules: ${known}`);
  }

  /** The snapshot after a block whose parent has the snapshot `before`. @throws {BlockError} `UNKNOWN_RULES` */
  applyHeader(before: ChainSnapshot, header: Header, config: ChainConfig): ChainSnapshot {
    return this.after(before).applyHeader(before, header, config);
  }

  /** The fees and rewards of a block whose parent has these parameters. @throws {BlockError} `UNKNOWN_RULES` */
  execution(parameters: ChainParameters): ExecutionParameters {
    return this.after({ parameters }).execution(parameters);
  }
}

/** The versions that this program knows. */
export const productRules = new KnownRules([rules1]);
