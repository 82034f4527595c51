import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Signer, signerFromSeed } from "../../../src/accounts/signer.ts";
import type { HttpAccess } from "../../../src/api/guard.ts";
import {
  type ApiServices,
  defaultHttpLimits,
  type FinalityBody,
  type HttpLimits,
  type HttpServer,
  type LedgerServices,
  recoverySummaries,
  type StatusBody,
  startHttpServer,
  type TlsIdentity,
} from "../../../src/api/index.ts";
import { untimed } from "../../../src/chain/assemble.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { Chronicle } from "../../../src/chain/chronicle.ts";
import { checkGenesis, createGenesis, storeGenesis } from "../../../src/chain/genesis.ts";
import { Proposals } from "../../../src/chain/proposals.ts";
import { productRules } from "../../../src/chain/rules.ts";
import { SideBlocks } from "../../../src/chain/side-blocks.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import { parametersJson } from "../../../src/config/index.ts";
import { productionTime, requiredDifficulty } from "../../../src/consensus/index.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { defaultMempoolLimits } from "../../../src/mempool/limits.ts";
import { Mempool } from "../../../src/mempool/mempool.ts";
import { blockLog, transactionLog } from "../../../src/node/event-records.ts";
import { EventLog } from "../../../src/storage/event-log.ts";
import { LevelDatabase } from "../../../src/storage/level-database.ts";
import { MempoolStore } from "../../../src/storage/mempool.ts";
import { ProposalStore } from "../../../src/storage/proposals.ts";
import type { ChainConfig } from "../../../src/types/genesis.ts";
import { computeDomain, type Transaction } from "../../../src/types/index.ts";
import { toHex, uint32Bytes } from "../../../src/util/bytes.ts";
import { type Clock, systemClock } from "../../../src/util/clock.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { systemPause } from "../../../src/util/slices.ts";
import { testChainConfig } from "../../chain-config.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { unprotected } from "../../unprotected-signer.ts";
import { directAccess, plainServices } from "./bare-services.ts";

/** Returns the signer of a number, which is the same in every run. */
export function signer(number: number): Signer {
  return signerFromSeed(sha256(uint32Bytes(number)));
}

export const authority = signer(1);
export const alice = signer(2);
export const bob = signer(3);

const genesisTime = 1_700_000_000_000;

const config: ChainConfig = testChainConfig({
  maxBlockTransactions: 10_000,
  blockReward: 0n,
  authorities: [authority.publicKey],
});

interface TestTransfer {
  from?: Signer;
  to?: Uint8Array;
  amount?: bigint;
  fee?: bigint;
  nonce?: number;
  validUntil?: number;
  memo?: Uint8Array;
}

/** A running HTTP server over a real chain and mempool in a temporary folder. */
export interface Fixture {
  server: HttpServer;
  services: ApiServices;
  chain: Chain;
  mempool: Mempool;
  database: LevelDatabase;
  eventLog: EventLog;
  proposals: Proposals;
  mode: { mode: StatusBody["mode"] };
  hasLedger: { yes: boolean };
  sign(transfer: TestTransfer): Promise<Transaction>;
  /** Makes a block of the waiting transactions; resolves to its id. */
  produce(): Promise<string>;
  get(path: string, init?: RequestInit): Promise<Answer>;
  post(body: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read member by member
  body: any;
}

/** Encodes a transaction as JSON. */
export function transactionJson({ message, signature }: Transaction, addresses = { from: alice, to: bob }) {
  return {
    from: addresses.from.address,
    to: addresses.to.address,
    amount: message.amount.toString(),
    fee: message.fee.toString(),
    nonce: message.nonce,
    ...(message.validUntil !== 0 && { validUntil: message.validUntil }),
    memo: new TextDecoder().decode(message.memo),
    signature: toHex(signature),
  };
}

export async function startFixture(
  options: {
    limits?: Partial<HttpLimits>;
    clock?: Clock;
    logger?: Logger;
    host?: string;
    access?: Partial<HttpAccess>;
    tls?: TlsIdentity;
    /** The authorities in ascending order; each makes blocks in its turn. */
    authorities?: readonly Signer[];
    keptEvents?: number;
    /** Makes services that replace those of a plain node. */
    consensus?(chain: Chain): Partial<ApiServices>;
    finality?(chain: Chain): FinalityBody | Promise<FinalityBody>;
  } = {},
): Promise<Fixture> {
  const { authorities = [authority] } = options;
  const chainConfig = {
    ...config,
    authorities: authorities.map(({ publicKey }) => publicKey),
    names: [{ address: authority.publicKey, name: new TextEncoder().encode("Ada") }],
  };
  const folder = await mkdtemp(join(tmpdir(), "ccoin-api-"));
  const database = await LevelDatabase.open(folder);
  const stores = chainStores(database);
  const eventLog = await EventLog.open({ database, logger: silentLogger, kept: options.keptEvents });
  const coinbase = { balances: [{ address: alice.publicKey, balance: 1_000_000n }] };
  const block = await createGenesis(chainConfig, coinbase, authority, genesisTime);
  const genesis = await checkGenesis(block, verifySignatures);
  await storeGenesis(stores, genesis);
  const chain = await Chain.load({
    genesis,
    rules: productRules,
    stores,
    verify: verifySignatures,
    clock: systemClock,
    logger: silentLogger,
    seed: new Uint8Array(8),
    pause: systemPause,
    startTimer: untimed,
  });
  const mempool = new Mempool({
    config: config.parameters,
    genesisId: genesis.id,
    limits: { ...defaultMempoolLimits, maxCount: 5000, maxPerAccount: 2400 },
    account: (address) => chain.state.get(address),
    height: () => chain.head.height,
    verify: verifySignatures,
    database,
    store: new MempoolStore(database),
    clock: systemClock,
    logger: silentLogger,
    log: transactionLog(eventLog),
    pause: systemPause,
  });
  const sideBlocks = await SideBlocks.open(chain, { database, clock: systemClock });
  const chronicle = new Chronicle(chain, {
    ...{ database, clock: systemClock, pause: systemPause, logger: silentLogger },
  });
  await chain.resume([blockLog(eventLog), mempool, sideBlocks]);
  const mode: Fixture["mode"] = { mode: "ready" };
  const hasLedger = { yes: true };
  const proposals = await Proposals.open({
    store: new ProposalStore(database),
    config: chainConfig,
    finalizedSnapshot: () => chain.tree.snapshotAfter(chain.finalized.id),
    clock: systemClock,
    logger: silentLogger,
  });
  const ledger: LedgerServices = {
    ...{ chain, mempool, sideBlocks, chronicle, proposals },
    finality: () => options.finality?.(chain) ?? expect.fail("this test has no finality"),
    finalityProof: (height) => stores.finality.proofFrom(height),
  };
  const services: ApiServices = {
    ...plainServices,
    status: () => ({
      version: "0.0.0",
      nodeId: 1,
      peerId: "12D3KooW",
      address: authority.address,
      mode: mode.mode,
      time: genesisTime,
      genesisId: genesis.idHex,
      name: "test chain",
      symbol: "CC",
      decimals: 0,
      parameters: parametersJson(config.parameters),
      knownRules: productRules.newest,
      periodMs: config.parameters.periodMs,
      head: {
        height: chain.head.height,
        id: chain.head.idHex,
        timestamp: chain.head.header.message.timestamp,
      },
      finalized: { height: chain.finalized.height, id: toHex(chain.finalized.id) },
      recoveries: recoverySummaries(chain),
      peers: 0,
      mempool: { count: mempool.count, bytes: mempool.bytes, minFee: mempool.leastFee.toString() },
      sync: null,
    }),
    ledger: () => (hasLedger.yes ? ledger : undefined),
    eventLog,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
    ...options.consensus?.(chain),
  };
  const server = await startHttpServer({
    host: options.host ?? "127.0.0.1",
    port: 0,
    access: { ...directAccess, ...options.access },
    services,
    limits: { ...defaultHttpLimits, ...options.limits },
    tls: options.tls,
  });
  const domain = computeDomain("transaction", genesis.id);

  const get = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(server.url + path, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return {
    server,
    services,
    chain,
    mempool,
    database,
    eventLog,
    proposals,
    mode,
    hasLedger,
    async sign({
      from = alice,
      to = bob.publicKey,
      amount = 1n,
      fee = 1n,
      nonce,
      validUntil = 0,
      memo = new Uint8Array(),
    }) {
      const message = {
        from: from.publicKey,
        to,
        amount,
        fee,
        nonce: nonce ?? mempool.pendingNonce(from.publicKey),
        validUntil,
        memo,
      };
      const unsigned = transactionRecord({ message, signature: new Uint8Array(64) }, domain);
      return { message, signature: await from.sign(unsigned.signingRoot) };
    },
    async produce() {
      const { head, snapshot } = chain;
      const inTurn = authorities[(head.height + 1) % authorities.length]!;
      const time = productionTime(snapshot, head.header.message, inTurn.publicKey)!;
      const produced = await chain.produce({
        signer: unprotected(inTurn),
        parentId: head.id,
        timestampMs: time.timestampMs,
        difficulty: requiredDifficulty(snapshot, head.height + 1, inTurn.publicKey),
        allowEmpty: true,
        select: () => mempool.executable(),
      });
      return produced!.idHex;
    },
    get,
    post: (body, headers = { "content-type": "application/json" }) =>
      get("/v1/transactions", {
        method: "POST",
        headers,
        body:
          typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    async close() {
      await server.close();
      mempool.stop();
      await chain.idle();
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}
