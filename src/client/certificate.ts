import { type Address, decodeAddress } from "./address.ts";
import { ClientError, equalBytes, fromHex, type Hex, toHex } from "./bytes.ts";
import { verifySignature } from "./keys.ts";
import { branchRoot, type Chunk, hashPair } from "./merkle.ts";
import {
  authoritiesRoot,
  bytes32,
  genesisPayloadRoot,
  headerRoot,
  linkRoot,
  recoveryRoot,
  signingRoot,
} from "./objects.ts";
import type { Block, Certificate, Header, ProvedCertificate, Recoveries } from "./types.ts";

/** The assumption of a proof: a chain, and authorities of it of whom fewer than a third are faulty. */
export interface Trust {
  genesisId: Hex;
  /** The authorities of the genesis block (`genesisTrust`), a recovery (`recoveryTrust`), or a checked certificate. */
  authorities: readonly Address[];
  /** The id of the chain's newest recovery, on which people have agreed. */
  recovery?: Hex;
}

/** The value of `ProvedCertificate.recovery` on a chain without a recovery. */
export const noRecovery: Hex = `0x${"00".repeat(32)}`;

/** `State.authorities.authorities`, SSZ generalized index 20: number 4 of the nodes four levels below the root. */
const authoritiesPlace = 4;
const authoritiesBranchLength = 4;

/**
 * Derives trust from a genesis id: checks that the block has this id and returns the authorities that it names.
 * @throws {ClientError} `WRONG_GENESIS`; `TOO_LARGE` if the node returns only the first of many balances
 */
export function genesisTrust(block: Block, genesisId: Hex): Trust {
  const { genesis } = block;
  if (block.height !== 0 || !genesis || toHex(headerRoot(block)) !== genesisId.toLowerCase())
    throw new ClientError("WRONG_GENESIS", `not the genesis block ${genesisId}`);
  if (genesis.balances.length !== genesis.balanceCount)
    throw new ClientError("TOO_LARGE", "the genesis block has too many balances to be checked over HTTP");
  if (toHex(genesisPayloadRoot(genesis)) !== block.transactionsRoot)
    throw new ClientError("WRONG_GENESIS", "the contents of the genesis block do not match its header");
  return { genesisId: genesisId.toLowerCase(), authorities: genesis.authorities };
}

/**
 * Derives trust from the id of a chain's newest recovery: checks that the recoveries hash to this id. The id itself
 * cannot be proved: people have to agree on it. @throws {ClientError} `WRONG_RECOVERY`
 */
export function recoveryTrust({ genesisId, recoveries }: Recoveries, id: Hex): Trust {
  let previous = noRecovery;
  for (const recovery of recoveries) previous = toHex(recoveryRoot({ ...recovery, genesisId, previous }));
  const newest = recoveries.at(-1);
  if (!newest || previous !== id.toLowerCase())
    throw new ClientError("WRONG_RECOVERY", `not the recovery ${id}`);
  return { genesisId: genesisId.toLowerCase(), authorities: newest.authorities, recovery: previous };
}

/** True if more than two thirds of the authorities, which must be those of the target's state, have signed the link. */
export async function verifyCertificate(
  certificate: Certificate,
  authorities: readonly Address[],
  genesisId: Hex,
): Promise<boolean> {
  try {
    await checkVotes(certificate, authorities, genesisId);
    return true;
  } catch {
    return false;
  }
}

/** Checks a certificate with its proof; returns a summary. @throws {ClientError} `INVALID_PROOF`, `MALFORMED` */
export async function checkProvedCertificate(
  certificate: ProvedCertificate,
  genesisId: Hex,
): Promise<string> {
  const { header, target, authorities, branch } = certificate;
  checkId(header);
  require(header.id === target.id &&
    header.height === target.height, "the header does not belong to the target");
  const leaf = authoritiesRoot(authorities);
  checkBranch(leaf, branch, authoritiesPlace, authoritiesBranchLength, header.stateRoot);
  const right = hashPair(bytes32(certificate.parametersRoot), bytes32(certificate.recovery));
  require(equalBytes(right, bytes32(branch[3]!)), "the target's state is under another recovery");
  await checkVotes(certificate, authorities, genesisId);
  return `${certificate.voters.length} of ${authorities.length} authorities of block ${target.height} have signed`;
}

/** @throws {ClientError} */
async function checkVotes(
  { source, target, voters, signatures }: Certificate,
  authorities: readonly Address[],
  genesisId: Hex,
): Promise<void> {
  const members = new Set(authorities);
  require(new Set(voters).size === voters.length, "a voter is listed twice");
  require(voters.every((voter) => members.has(voter)), "a voter is not an authority");
  require(voters.length === signatures.length, "the numbers of voters and signatures differ");
  const text = `${voters.length} of ${members.size} authorities have signed`;
  require(3 * voters.length > 2 * members.size, `${text}; more than two thirds are needed`);
  const root = signingRoot(linkRoot({ source, target }), "finalityVote", genesisId);
  for (const [index, voter] of voters.entries()) {
    const isSigned = await verifySignature(decodeAddress(voter), root, fromHex(signatures[index]!, 64));
    require(isSigned, `the signature of ${voter} is wrong`);
  }
}

/** @throws {ClientError} */
export function checkId(header: Header): void {
  require(toHex(headerRoot(header)) === header.id, `header ${header.height} does not hash to its id`);
}

/** Checks that a branch leads from `leaf`, at `index` of its level, to `root`. @throws {ClientError} `INVALID_PROOF` */
export function checkBranch(
  leaf: Chunk,
  branch: readonly Hex[],
  index: number,
  length: number,
  root: Hex,
): void {
  require(branch.length === length, `the branch has ${branch.length} nodes, not ${length}`);
  const computed = branchRoot(leaf, branch.map(bytes32), index);
  require(equalBytes(computed, bytes32(root)), `the branch leads to ${toHex(computed)}, not to ${root}`);
}

/** @throws {ClientError} `INVALID_PROOF` */
export function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new ClientError("INVALID_PROOF", otherwise);
}
