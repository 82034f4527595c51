import {
  applyHeader,
  type CliqueConfig,
  checkHeader,
  genesisSnapshot,
  type ParentHeader,
  requiredDifficulty,
  type VotingConfig,
} from "../../../src/consensus/index.ts";
import { keyPairFromSeed } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import {
  authorityVote,
  type ChainParameters,
  Header,
  type HeaderVote,
  noVote,
  type ParameterName,
  parameterVote,
  zero32,
} from "../../../src/types/index.ts";
import { compareBytes, equalBytes } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";

export const defaultConfig: CliqueConfig & VotingConfig = { epochLength: 30_000, slotMs: 100 };

const cached = new Map<string, Uint8Array>();

/** Returns the address of a named authority, whose key is derived from its name. */
export function addressOf(name: string): Uint8Array {
  let address = cached.get(name);
  if (!address) {
    address = keyPairFromSeed(sha256(Buffer.from(`test authority ${name}`))).publicKey;
    cached.set(name, address);
  }
  return address;
}

/** Returns the names of `among` whose addresses are given, in the order of `among`. */
export function namesOf(addresses: readonly Uint8Array[], among: readonly string[]): string {
  return among.filter((name) => addresses.some((address) => equalBytes(address, addressOf(name)))).join("");
}

/**
 * Returns the letters of `text` ordered by their addresses. The first is in turn at heights divisible by their number.
 */
export function byTurn(text: string): string[] {
  return [...text].sort((a, b) => compareBytes(addressOf(a), addressOf(b)));
}

/**
 * Parses a block: `A` signs; `A+B` and `A-B` also vote to add or remove B; `A:minFee=5` also votes to set a parameter.
 */
export function parseBlock(text: string): { proposer: Uint8Array; vote: HeaderVote } {
  const [signer, sign, candidate] = text;
  if (!candidate) return { proposer: addressOf(signer!), vote: noVote };
  const proposer = addressOf(signer!);
  if (sign === ":") {
    const [parameter, value] = text.slice(2).split("=");
    return { proposer, vote: parameterVote(parameter as ParameterName, BigInt(value!)) };
  }
  return { proposer, vote: authorityVote(sign === "+" ? "add" : "remove", addressOf(candidate)) };
}

export function genesisParent(names: string, changes: Partial<ChainParameters> = {}): ParentHeader {
  const snapshot = genesisSnapshot(testChainConfig({ authorities: [...names].map(addressOf), ...changes }));
  const header: Header = {
    height: 0,
    parent: zero32,
    timestamp: 1_700_000_000_000,
    proposer: snapshot.authorities[0]!,
    difficulty: 0,
    vote: noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
  };
  return { header, id: Header.hashTreeRoot(header), snapshot };
}

/** Makes a valid header on `parent`, changed by `fields`. */
export function headerOn(parent: ParentHeader, fields: Partial<Header>): Header {
  const height = parent.header.height + 1;
  const { authorities } = parent.snapshot;
  const proposer = fields.proposer ?? authorities[height % authorities.length]!;
  return {
    height,
    parent: parent.id,
    timestamp: parent.header.timestamp + parent.snapshot.parameters.periodMs,
    proposer,
    difficulty: requiredDifficulty(parent.snapshot, height, proposer),
    vote: noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
    ...fields,
  };
}

/** Checks and applies blocks in the form of `parseBlock`; returns the tip. */
export function extend(
  parent: ParentHeader,
  blocks: readonly string[],
  config = defaultConfig,
): ParentHeader {
  let tip = parent;
  for (const block of blocks) {
    const header = headerOn(tip, parseBlock(block));
    checkHeader(tip, header, config);
    tip = { header, id: Header.hashTreeRoot(header), snapshot: applyHeader(tip.snapshot, header, config) };
  }
  return tip;
}

export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no error";
}
