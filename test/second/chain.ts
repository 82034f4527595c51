/**
 * The rules of docs/consensus.md, sections 2 to 4, without the clock. This second implementation shares no code with
 * src/.
 */
import { isAddress, isHeaderSigned, isTransactionSigned } from "./signing.ts";
import { root, type Value } from "./ssz.ts";

const most = 2n ** 64n;
const zero32 = "0".repeat(64);
const kinds: Record<"none" | "add" | "remove" | "set", Value> = { none: 0n, add: 1n, remove: 2n, set: 3n };
const parameterNames = [
  "",
  "periodMs",
  "emptyBlockPeriodMs",
  "minFee",
  "blockReward",
  "maxBlockTransactions",
  "maxBlockBytes",
  "rules",
];

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}

export function genesisState({ header, payload }: Value): Value {
  const { config, coinbase } = payload;
  must(header.message.height === 0n && isHeaderSigned(header, zero32), "genesis header");
  must(header.message.transactionsRoot === root("GenesisPayload", payload), "genesis payload");
  const state = {
    accounts: coinbase.balances.map((of: Value) => ({ ...of, nonce: 0n })),
    authorities: { authorities: config.authorities, recentSigners: [], openVotes: [] },
    parameters: config.parameters,
    recovery: zero32,
  };
  must(header.message.stateRoot === root("State", state), "genesis state");
  return state;
}

/** The state by which blocks on a recovery's block are checked: section 8. `before` is the recovery before it. */
export function recover(
  state: Value,
  recovery: Value,
  before: Value | undefined,
  { slotMs }: Value,
  genesisId: string,
): Value {
  const { previous, block, round, authorities, parameters } = recovery;
  must(recovery.genesisId === genesisId, "another chain");
  must(previous === (before ? root("Recovery", before) : zero32), "previous");
  must(block.height > 0n && (!before || block.height >= before.block.height), "height");
  must(!before || block.height > before.block.height || block.id === before.block.id, "another block");
  must(round > (before?.round ?? 0n) && round <= 2n ** 52n, "round");
  must(authorities.length > 0, "no authority");
  for (const [at, address] of authorities.entries())
    must(isAddress(address) && (at === 0 || authorities[at - 1] < address), "authorities");
  const { periodMs, emptyBlockPeriodMs, maxBlockTransactions, maxBlockBytes, rules } = parameters;
  must(isTime(periodMs, emptyBlockPeriodMs, slotMs), "times");
  must(isCount(maxBlockTransactions) && isSize(maxBlockBytes), "limits");
  must(rules > 0n && rules <= block.height + 1n, "rules");
  const snapshot = { authorities, recentSigners: [], openVotes: [] };
  return { ...state, authorities: snapshot, parameters, recovery: root("Recovery", recovery) };
}

function isTime(periodMs: bigint, emptyMs: bigint, slotMs: bigint): boolean {
  const isPeriod = periodMs >= 100n && periodMs < 2n ** 31n && periodMs >= slotMs;
  return isPeriod && (emptyMs === 0n || (emptyMs >= periodMs && emptyMs < 2n ** 31n));
}

const isCount = (transactions: bigint) => transactions >= 1n && transactions <= 65_536n;
const isSize = (bytes: bigint) => bytes >= 1_024n && bytes <= 16_777_216n;
const limit = (count: number) => BigInt(Math.floor(count / 2) + 1);

/** Returns the state after a block. @throws if the block breaks a rule */
export function apply(state: Value, parent: Value, block: Value, config: Value, genesisId: string): Value {
  const { message } = block.header;
  const { authorities, recentSigners } = state.authorities;
  const { parameters } = state;
  must(message.parent === root("Header", parent), "parent");
  must(message.transactionsRoot === root("Transactions", block.transactions), "1.3");
  must(isHeaderSigned(block.header, genesisId), "1.4");
  must(
    block.transactions.every((transaction: Value) => isTransactionSigned(transaction, genesisId)),
    "1.5",
  );
  must(message.height === parent.height + 1n, "3.1");
  must(message.timestamp >= parent.timestamp + parameters.periodMs, "3.2");
  must(authorities.includes(message.proposer), "3.3");
  const last = recentSigners.findLast((recent: Value) => recent.proposer === message.proposer);
  must(!last || message.height >= last.height + limit(authorities.length), "3.4");
  const isInTurn = authorities[Number(message.height % BigInt(authorities.length))] === message.proposer;
  must(message.difficulty === (isInTurn ? 2n : 1n), "3.5");
  must(!isEpoch(message.height, config) || message.vote.kind === kinds.none, "3.6");
  const next = structuredClone(state);
  execute(next, block);
  vote(next, message, config);
  must(message.stateRoot === root("State", next), "stateRoot");
  return next;
}

function execute({ accounts, parameters }: Value, { header, transactions }: Value): void {
  const find = (address: string) => accounts.find((account: Value) => account.address === address);
  const pay = (address: string, amount: bigint, rule: "all" | "what fits" = "all") => {
    if (!find(address) && amount > 0n) accounts.push({ address, balance: 0n, nonce: 0n });
    const account = find(address);
    if (!account) return;
    account.balance += amount;
    must(account.balance < most || rule === "what fits", "overflow");
    if (account.balance >= most) account.balance = most - 1n;
  };
  let fees = 0n;
  for (const { message } of transactions) {
    const { from, to, amount, fee, nonce, validUntil } = message;
    must(validUntil === 0n || validUntil >= header.message.height, "EXPIRED");
    must(fee >= parameters.minFee, "FEE_TOO_LOW");
    const sender = find(from);
    must(sender?.nonce === nonce && sender.balance >= amount + fee, "nonce or balance");
    sender.balance -= amount + fee;
    sender.nonce += 1n;
    pay(to, amount);
    fees += fee;
  }
  const { proposer } = header.message;
  pay(proposer, fees + parameters.blockReward, "what fits");
}

function isEpoch(height: bigint, { epochLength }: { epochLength: bigint }): boolean {
  return height % epochLength === 0n;
}

/** Counts a vote by section 4. */
function vote(state: Value, { height, proposer, vote: cast }: Value, config: Value): void {
  const { slotMs } = config;
  const snapshot = state.authorities;
  const isSame = (open: Value) =>
    open.vote.candidate === cast.candidate && open.vote.parameter === cast.parameter;
  if (isEpoch(height, config)) snapshot.openVotes = [];
  else if (cast.kind !== kinds.none) {
    snapshot.openVotes = snapshot.openVotes.filter((open: Value) => open.voter !== proposer || !isSame(open));
    const own = snapshot.openVotes.filter((open: Value) => open.voter === proposer).length;
    if (mayChange(state, cast, slotMs) && own < 16)
      snapshot.openVotes.push({ voter: proposer, vote: cast, height });
    enact(state, cast, isSame, slotMs);
  }
  snapshot.recentSigners.push({ height, proposer });
  const oldest = height + 2n - limit(snapshot.authorities.length);
  snapshot.recentSigners = snapshot.recentSigners.filter((recent: Value) => recent.height >= oldest);
}

function mayChange(
  { authorities: { authorities }, parameters }: Value,
  cast: Value,
  slotMs: bigint,
): boolean {
  const isMember = authorities.includes(cast.candidate);
  if (cast.kind === kinds.add) return !isMember && authorities.length < 1024;
  if (cast.kind === kinds.remove) return isMember;
  const name = parameterNames[Number(cast.parameter)]!;
  if (parameters[name] === cast.value) return false;
  const { periodMs, emptyBlockPeriodMs, rules }: Value = { ...parameters, [name]: cast.value };
  if (name === "periodMs" || name === "emptyBlockPeriodMs")
    return isTime(periodMs, emptyBlockPeriodMs, slotMs);
  if (name === "maxBlockTransactions") return isCount(cast.value);
  if (name === "maxBlockBytes") return isSize(cast.value);
  return name !== "rules" || rules === parameters.rules + 1n;
}

function enact(state: Value, cast: Value, isSame: (open: Value) => boolean, slotMs: bigint): void {
  const snapshot = state.authorities;
  const isSet = cast.kind === kinds.set;
  const votes = snapshot.openVotes.filter(
    (open: Value) => isSame(open) && (!isSet || open.vote.value === cast.value),
  );
  if (BigInt(votes.length) < limit(snapshot.authorities.length)) return;
  const isMember = snapshot.authorities.includes(cast.candidate);
  const change = isSet ? cast : { ...cast, kind: isMember ? kinds.remove : kinds.add };
  if (!mayChange(state, change, slotMs)) return;
  snapshot.openVotes = snapshot.openVotes.filter((open: Value) => !isSame(open));
  if (isSet) {
    state.parameters[parameterNames[Number(cast.parameter)]!] = cast.value;
  } else if (isMember) {
    snapshot.authorities = snapshot.authorities.filter((authority: string) => authority !== cast.candidate);
    snapshot.openVotes = snapshot.openVotes.filter((open: Value) => open.voter !== cast.candidate);
  } else snapshot.authorities = [...snapshot.authorities, cast.candidate].sort();
}
