import { existsSync } from "node:fs";
import { readAccountInfo } from "../accounts/index.ts";
import { ProtectionStore } from "../accounts/protection-store.ts";
import { BlockTree } from "../chain/block-tree.ts";
import { genesisOf } from "../chain/genesis.ts";
import { Recoveries } from "../chain/recoveries.ts";
import { productRules } from "../chain/rules.ts";
import { chainStores } from "../chain/stores.ts";
import {
  commandLine,
  type NodePaths,
  type ParametersJson,
  parametersJson,
  type RecoveryJson,
  recoveryFile,
  recoveryJson,
} from "../config/index.ts";
import { checkRecoveries, nextRecoveryRound, recoveryId, withParameter } from "../consensus/index.ts";
import { type Address, encodeAddress } from "../crypto/address.ts";
import type { Database } from "../storage/database.ts";
import { maxAuthorities, type ParameterName, parameterVote, type Recovery, zero32 } from "../types/index.ts";
import { writeWholeFile } from "../util/atomic-file.ts";
import { compareBytes, type Hex, textOf, toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { noChain, withExistingDatabase } from "./open.ts";

const hint = "make the recovery on a node that has followed the chain";

/** A parameter that the recovery sets. */
export interface ParameterChange {
  name: ParameterName;
  value: bigint;
}

export interface WrittenRecovery extends RecoveryJson {
  genesisId: Hex;
  /** The name of the chain. */
  name: string;
  /** The number of recoveries that the chain has gone through before. */
  earlier: number;
  /** The height of the head. The blocks from the recovery's to this one are abandoned. */
  headHeight: number;
  /** Names by address. */
  names: Record<Address, string>;
  /** The parameters after the block without the recovery. */
  parametersBefore: ParametersJson;
}

/**
 * Writes a recovery that starts at this node's newest final block and follows all earlier ones. The authorities and
 * parameters after that block stay where no others are given. Nothing in the database changes.
 * @throws {UserError} `NO_CHAIN`, `NOTHING_FINAL`, `BAD_RECOVERY`, `RECOVERY_AWAITED`, `FILE_EXISTS`, `CANNOT_WRITE`
 */
export async function writeRecovery(options: {
  paths: NodePaths;
  file: string;
  authorities?: readonly Uint8Array[];
  set?: readonly ParameterChange[];
}): Promise<WrittenRecovery> {
  const { paths, file, set = [] } = options;
  const given = options.authorities && checkedSet(options.authorities);
  if (existsSync(file)) throw new UserError(`${file} exists: choose another file`, "FILE_EXISTS");
  return withExistingDatabase(paths, hint, async (database) => {
    const { meta, finality, blocks, recoveries } = chainStores(database);
    const stored = await meta.genesisHead();
    const headId = await meta.head();
    const head = headId && (await blocks.header(headId));
    if (!stored || !head) throw noChain(paths, hint);
    const genesis = genesisOf(stored);
    const earlier = await recoveries.all();
    const status = await finality.status();
    if (!status || status.finalized.height === 0)
      throw new UserError(
        `no block is final here but genesis, so that there is nothing to go on from: try another node of the chain, or begin a new one with "${commandLine("init")}"`,
        "NOTHING_FINAL",
      );
    const { finalized, justified } = status;
    const newest = earlier.at(-1);
    if (newest && newest.round > finalized.round)
      throw new UserError(
        `this node has not reached block ${newest.block.height} of the recovery that it was given: start it until it has, or use another node`,
        "RECOVERY_AWAITED",
      );
    const headSnapshot = await meta.headSnapshot();
    const tree = new BlockTree(blocks, genesis.config, productRules, new Recoveries(earlier), headSnapshot);
    const present = await tree.snapshotAfter(finalized.block);
    const parameters = set.reduce(
      (changed, { name, value }) => withParameter(changed, parameterVote(name, value)),
      present.parameters,
    );
    if (parameters.rules > productRules.newest)
      throw new UserError(
        `the chain would go on by version ${parameters.rules} of the rules, and this program knows versions up to ${productRules.newest}: make the recovery with a release that knows it, or with --set rules=${productRules.newest}`,
        "BAD_RECOVERY",
      );
    const signed = await signedRound(database, paths);
    const recovery: Recovery = {
      genesisId: genesis.id,
      previous: newest ? recoveryId(newest) : zero32,
      block: { height: finalized.height, id: finalized.block },
      round: nextRecoveryRound(Math.max(finalized.round, justified.round, signed)),
      authorities: given ?? present.authorities,
      parameters,
    };
    const all = [...earlier, recovery];
    checkRecoveries(all, genesis.config);
    const text = `${JSON.stringify(recoveryFile(genesis.id, all), null, 2)}\n`;
    await writeWholeFile(file, text);
    return {
      ...recoveryJson(recovery),
      genesisId: genesis.idHex,
      name: textOf(genesis.config.name),
      earlier: earlier.length,
      headHeight: head.header.message.height,
      parametersBefore: parametersJson(present.parameters),
      names: Object.fromEntries(
        genesis.config.names.map(({ address, name }) => [encodeAddress(address), textOf(name)]),
      ),
    };
  });
}

/** The target round of the newest vote of this node's account. */
async function signedRound(database: Database, paths: NodePaths): Promise<number> {
  // A node whose account file is gone can make a recovery too, from the rounds that its chain knows.
  const account = await readAccountInfo(paths).catch(() => undefined);
  const record = account && (await new ProtectionStore(database).load(account.publicKey));
  return record?.targetRound ?? 0;
}

function checkedSet(authorities: readonly Uint8Array[]): Uint8Array[] {
  const refuse = (why: string) => new UserError(why, "BAD_RECOVERY");
  if (authorities.length === 0)
    throw refuse("no authority is named: without one, nobody could make the next block");
  if (authorities.length > maxAuthorities) throw refuse(`a chain has ${maxAuthorities} authorities at most`);
  const sorted = authorities.toSorted(compareBytes);
  const twice = sorted.find((address, at) => at > 0 && toHex(sorted[at - 1]!) === toHex(address));
  if (twice) throw refuse(`${encodeAddress(twice)} is named twice: name every authority once`);
  return sorted;
}
