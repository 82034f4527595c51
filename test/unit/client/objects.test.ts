import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { voteView } from "../../../src/api/views.ts";
import * as client from "../../../src/client/index.ts";
import { authoritiesRoot, genesisPayloadRoot } from "../../../src/client/objects.ts";
import { parametersJson } from "../../../src/config/index.ts";
import * as nodeAddress from "../../../src/crypto/address.ts";
import { keyPairFromSeed } from "../../../src/crypto/ed25519.ts";
import { type ChainConfig, GenesisPayload } from "../../../src/types/genesis.ts";
import {
  Account,
  AuthoritySnapshot,
  authorityVote,
  computeDomain,
  FinalityVote,
  Header,
  maxAmount,
  noVote,
  parameterNames,
  parameterVote,
  signingRoot,
  Transaction,
  Transfer,
} from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { testAddresses } from "../support/addresses.ts";

/** Compares the client's own code with the node's SSZ library: two implementations of the same rules. */

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const amount = fc.bigInt(0n, maxAmount);
const address = bytes(32);

const same = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, property), { numRuns: 50 });

describe("addresses", () => {
  it("encodes and decodes addresses as the node does", () => {
    same(address, (bytes) => {
      expect(client.encodeAddress(bytes)).toBe(nodeAddress.encodeAddress(bytes));
    });
    for (const key of testAddresses(20)) {
      expect([...client.decodeAddress(nodeAddress.encodeAddress(key))]).toEqual([...key]);
    }
  });

  it.each([
    ["a typing error", "cc1lvsscnlc6ujj7zgzl4rnpx2anqxzmrz4zksq0m6378279q7k7j4qslvvpq"],
    ["another prefix", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"],
    ["nothing", ""],
    ["no key", client.encodeAddress(new Uint8Array(32))],
  ])("refuses an address: %s", (_name, text) => {
    expect(client.isAddress(text)).toBe(false);
    expect(() => client.decodeAddress(text)).toThrow(
      expect.objectContaining({ code: "MALFORMED", name: "ClientError" }),
    );
  });
});

describe("hex", () => {
  it("decodes hex to the bytes that were encoded", () => {
    same(fc.uint8Array(), (value) => {
      expect(client.toHex(value)).toBe(toHex(value));
      expect([...client.fromHex(toHex(value))]).toEqual([...value]);
    });
  });

  it.each(["", "12", "0x1", "0xgg", "0X12"])("refuses hex: %j", (text) => {
    expect(() => client.fromHex(text)).toThrow(client.ClientError);
  });
});

describe("roots", () => {
  const transfer = fc.record({
    from: address,
    to: address,
    amount,
    fee: amount,
    nonce: count,
    validUntil: count,
  });

  it("computes the node's roots of transactions, for memos of any bytes", () => {
    same(fc.tuple(transfer, fc.uint8Array({ maxLength: 256 }), bytes(64)), ([fields, memo, signature]) => {
      const message = { ...fields, memo };
      const json = {
        from: client.encodeAddress(fields.from),
        to: client.encodeAddress(fields.to),
        amount: fields.amount.toString(),
        fee: fields.fee.toString(),
        nonce: fields.nonce,
        validUntil: fields.validUntil,
        signature: toHex(signature),
        memoHex: toHex(memo),
      };
      expect(client.toHex(client.transferRoot(json))).toBe(toHex(Transfer.hashTreeRoot(message)));
      expect(client.transactionId(json)).toBe(toHex(Transaction.hashTreeRoot({ message, signature })));
    });
  });

  it("computes the node's roots of transactions, for memos of text", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    same(fc.tuple(transfer, text), ([fields, memo]) => {
      const root = Transfer.hashTreeRoot({ ...fields, memo: new TextEncoder().encode(memo) });
      const json = {
        from: client.encodeAddress(fields.from),
        to: client.encodeAddress(fields.to),
        amount: fields.amount.toString(),
        fee: fields.fee.toString(),
        nonce: fields.nonce,
        validUntil: fields.validUntil,
        memo,
      };
      expect(client.toHex(client.transferRoot(json))).toBe(toHex(root));
    });
  });

  it("computes the node's roots of headers, with and without a vote", () => {
    const header = fc.record({
      height: count,
      parent: bytes(32),
      timestamp: count,
      proposer: address,
      difficulty: fc.nat(255),
      vote: fc.oneof(
        fc.constant(noVote),
        fc
          .record({ kind: fc.constantFrom("add", "remove"), candidate: address })
          .map(({ kind, candidate }) => authorityVote(kind as "add", candidate)),
        fc
          .record({ name: fc.constantFrom(...parameterNames), value: amount })
          .map(({ name, value }) => parameterVote(name, value)),
      ),
      transactionsRoot: bytes(32),
      stateRoot: bytes(32),
    });
    same(header, (message) => {
      const { vote } = message;
      const root = client.headerRoot({
        height: message.height,
        parent: toHex(message.parent),
        timestamp: message.timestamp,
        proposer: client.encodeAddress(message.proposer),
        difficulty: message.difficulty,
        vote: voteView(vote),
        transactionsRoot: toHex(message.transactionsRoot),
        stateRoot: toHex(message.stateRoot),
      });
      expect(client.toHex(root)).toBe(toHex(Header.hashTreeRoot(message)));
    });
  });

  it("computes the node's roots of accounts, links and authorities", () => {
    same(fc.record({ address, balance: amount, nonce: count }), (account) => {
      const json = {
        address: client.encodeAddress(account.address),
        balance: account.balance.toString(),
        nonce: account.nonce,
      };
      expect(client.toHex(client.accountRoot(json))).toBe(toHex(Account.hashTreeRoot(account)));
    });
    const checkpoint = fc.record({ round: count, height: count, block: bytes(32) });
    same(fc.record({ source: checkpoint, target: checkpoint }), ({ source, target }) => {
      const json = {
        source: { ...source, id: toHex(source.block) },
        target: { ...target, id: toHex(target.block) },
      };
      expect(client.toHex(client.linkRoot(json))).toBe(toHex(FinalityVote.hashTreeRoot({ source, target })));
    });
    same(fc.array(address, { maxLength: 9 }), (authorities) => {
      const root = AuthoritySnapshot.fields.authorities.hashTreeRoot(authorities);
      expect(client.toHex(authoritiesRoot(authorities.map(client.encodeAddress)))).toBe(toHex(root));
    });
  });

  it("computes the node's root of a genesis payload", () => {
    const genesis = fc.record({
      config: fc.record({
        name: fc.string({ unit: "grapheme-ascii", maxLength: 64 }),
        symbol: fc.string({ unit: "grapheme-ascii", maxLength: 16 }),
        decimals: fc.nat(19),
        slotMs: count,
        epochLength: count,
        parameters: fc.record({
          periodMs: count,
          emptyBlockPeriodMs: count,
          maxBlockTransactions: fc.nat(),
          maxBlockBytes: fc.nat(),
          blockReward: amount,
          minFee: amount,
          rules: fc.nat(),
        }),
        names: fc.array(fc.record({ address, name: fc.string({ unit: "grapheme-ascii", maxLength: 64 }) }), {
          maxLength: 3,
        }),
        authorities: fc.array(address, { maxLength: 5 }),
      }),
      balances: fc.array(fc.record({ address, balance: amount }), { maxLength: 5 }),
    });
    same(genesis, ({ config, balances }) => {
      const text = (value: string) => new TextEncoder().encode(value);
      const nodeConfig: ChainConfig = {
        ...config,
        name: text(config.name),
        symbol: text(config.symbol),
        names: config.names.map(({ address, name }) => ({ address, name: text(name) })),
      };
      const root = genesisPayloadRoot({
        ...config,
        ...parametersJson(config.parameters),
        names: config.names.map(({ address, name }) => ({ address: client.encodeAddress(address), name })),
        authorities: config.authorities.map(client.encodeAddress),
        balanceCount: balances.length,
        balances: balances.map(({ address, balance }) => ({
          address: client.encodeAddress(address),
          balance: balance.toString(),
        })),
      });
      const expected = GenesisPayload.hashTreeRoot({ config: nodeConfig, coinbase: { balances } });
      expect(client.toHex(root)).toBe(toHex(expected));
    });
  });

  it.each(["genesis", "transaction", "header", "finalityVote"] as const)(
    "computes the node's signing root: %s",
    (type) => {
      same(fc.tuple(bytes(32), bytes(32)), ([root, genesisId]) => {
        const signed = client.signingRoot(new Uint8Array(root), type, toHex(genesisId));
        expect(client.toHex(signed)).toBe(toHex(signingRoot(root, computeDomain(type, genesisId))));
      });
    },
  );

  it("rejects values that the types cannot hold", () => {
    const transfer = {
      from: client.encodeAddress(new Uint8Array(32)),
      to: client.encodeAddress(new Uint8Array(32)),
      amount: "1",
      fee: "0",
      nonce: 0,
      validUntil: 0,
    };
    const wrong = [
      { amount: (maxAmount + 1n).toString() },
      { amount: "-1" },
      { amount: "01" },
      { nonce: 0.5 },
      { nonce: -1 },
      { nonce: 2 ** 53 },
      { nonce: "1" as unknown as number },
      { validUntil: -1 },
      { validUntil: 2 ** 53 },
      { memo: "x".repeat(257) },
    ];
    for (const fields of wrong)
      expect(() => client.transferRoot({ ...transfer, ...fields }), JSON.stringify(fields)).toThrow(
        client.ClientError,
      );
  });
});

describe("keys", () => {
  it("makes the node's keys, and client and node verify each other's signatures", async () => {
    const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
    const message = new Uint8Array(32).fill(7);
    const key = await client.keyFromSeed(seed);
    const nodeKey = keyPairFromSeed(seed);
    expect(key.address).toBe(client.encodeAddress(nodeKey.publicKey));
    const signature = await key.sign(message);
    expect(client.toHex(signature)).toBe(toHex(nodeKey.sign(message)));
    expect(await client.verifySignature(key.publicKey, message, signature)).toBe(true);
    expect(
      await client.verifySignature(
        key.publicKey,
        message.map((byte) => byte ^ 1),
        signature,
      ),
    ).toBe(false);
    expect(await client.verifySignature(key.publicKey, message, new Uint8Array(1))).toBe(false);
  });

  it("signs without WebCrypto", async () => {
    const subtle = Object.getOwnPropertyDescriptor(crypto, "subtle");
    Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
    try {
      const seed = client.generateSeed();
      const message = new Uint8Array([1, 2, 3]);
      const key = await client.keyFromSeed(seed);
      const signature = await key.sign(message);
      expect(client.toHex(signature)).toBe(toHex(keyPairFromSeed(seed).sign(message)));
      expect(await client.verifySignature(key.publicKey, message, signature)).toBe(true);
    } finally {
      if (subtle) Object.defineProperty(crypto, "subtle", subtle);
      else Reflect.deleteProperty(crypto, "subtle");
    }
  });
});
