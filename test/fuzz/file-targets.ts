import { exportInterchange, importInterchange } from "../../src/accounts/interchange.ts";
import { parseKeystore, sealKeystore } from "../../src/accounts/keystore.ts";
import { ProtectionStore } from "../../src/accounts/protection-store.ts";
import { parseGenesis } from "../../src/config/genesis-config.ts";
import { decodeAddress, encodeAddress } from "../../src/crypto/address.ts";
import { CodedError } from "../../src/util/errors.ts";
import { users } from "../unit/support/chain.ts";
import { MemoryDatabase } from "../unit/support/database.ts";
import { type Target, text } from "./target.ts";

const decoder = new TextDecoder();
const [first, second] = users.map(({ address }) => address) as [string, string];
const genesisId = `0x${"12".repeat(32)}`;

/** Files that a person gives, and the words of the command line. Each fault must be a coded error of one line. */
export async function fileTargets(): Promise<Target[]> {
  const account = users[0]!.publicKey;
  return [
    {
      name: "genesis.json",
      form: "json",
      seeds: [
        text({ name: "a", authorities: [first], balances: [{ address: first, balance: "5" }] }),
        text({
          name: "b",
          periodMs: 500,
          epochLength: 100,
          emptyBlockPeriodMs: 0,
          maxBlockTransactions: 10,
          maxBlockBytes: 100_000,
          blockReward: "1",
          minFee: "2",
          authorities: [first, second],
          balances: [{ address: second, balance: "18446744073709551615" }],
        }),
      ],
      run: refusing((input) => parseGenesis(parseJson(input), "genesis.json")),
    },
    {
      name: "keystore",
      form: "json",
      seeds: [text(await sealKeystore(new Uint8Array(32), "x", { scrypt: { n: 2, r: 1, p: 1 } }))],
      run: refusing((input) => parseKeystore(decoder.decode(input))),
    },
    {
      name: "slashing protection file",
      form: "json",
      seeds: [text(await history(account))],
      run: refusing(async (input) => {
        const store = new ProtectionStore(new MemoryDatabase());
        await importInterchange(store, decoder.decode(input), { genesisId, account, nowMs: 1 });
        await exportInterchange(store, { genesisId, account });
      }),
    },
    {
      name: "address",
      form: "binary",
      seeds: [text(first), text(second)],
      run: refusing((input) => {
        const address = decoder.decode(input);
        const key = decodeAddress(address);
        if (encodeAddress(key) !== address.toLowerCase()) throw new Error(`another address: ${address}`);
      }),
    },
  ];
}

/** Returns a signing history with some entries. */
async function history(account: Uint8Array): Promise<string> {
  const entry = { signing_root: `0x${"ab".repeat(32)}` };
  const file = {
    metadata: { interchange_format_version: "1", genesis_id: genesisId },
    data: [
      {
        address: encodeAddress(account),
        signed_headers: [{ slot: "7", ...entry }, { slot: "9" }],
        signed_votes: [
          { source_round: "1", target_round: "2", ...entry },
          { source_round: "2", target_round: "3" },
        ],
      },
    ],
  };
  const store = new ProtectionStore(new MemoryDatabase());
  await importInterchange(store, JSON.stringify(file), { genesisId, account, nowMs: 1 });
  return (await exportInterchange(store, { genesisId, account })).text;
}

/** Allows only `CodedError`s whose message is one line. */
function refusing(run: (input: Uint8Array) => unknown): (input: Uint8Array) => Promise<string> {
  return async (input) => {
    try {
      await run(input);
      return "taken";
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.message === "" || error.message.includes("\n"))
        throw new Error(`not one line: ${error.message}`);
      return error.message;
    }
  };
}

/** Parses JSON; `readGenesisFile` has its own error for other texts. */
function parseJson(input: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(input));
  } catch {
    return undefined;
  }
}
