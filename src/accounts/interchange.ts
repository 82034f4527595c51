import * as z from "zod";
import { decodeAddress, encodeAddress } from "../crypto/address.ts";
import { equalBytes, fromHex, type Hex, toHex } from "../util/bytes.ts";
import { lineOf, UserError } from "../util/errors.ts";
import {
  emptyRecord,
  type HeaderEntry,
  mergeDoubt,
  mergeHeader,
  mergeVote,
  type ProtectionRecord,
  type VoteEntry,
} from "./protection.ts";
import type { ProtectionStore } from "./protection-store.ts";

/** Incremented when the meaning of the fields changes. */
const formatVersion = "1";

/** Decimal text, as in EIP-3076. */
const count = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/)
  .transform(Number)
  .refine(Number.isSafeInteger, "a number is above 2^53 - 1");
const signingRoot = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform(fromHex)
  .optional();

const interchangeSchema = z.object({
  metadata: z.object({
    interchange_format_version: z.literal(formatVersion),
    genesis_id: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
  }),
  data: z.array(
    z.object({
      address: z.string().transform(decodeAddress),
      signed_headers: z.array(z.object({ slot: count, signing_root: signingRoot })),
      signed_votes: z.array(
        z.object({ source_round: count, target_round: count, signing_root: signingRoot }),
      ),
      /** Milliseconds since 1970. Votes signed after this time may be missing. */
      votes_doubtful_since: count.optional(),
    }),
  ),
});

interface ExportOptions {
  genesisId: Hex;
  account: Uint8Array;
  /** The present slot, if the database may be a copy that is older than what the account has signed. */
  copyAtSlot?: number;
}

/**
 * Everything that an account signed and that was not pruned, as text. An entry without a root refuses everything up to
 * its slot or rounds.
 */
export async function exportInterchange(
  store: ProtectionStore,
  { genesisId, account, copyAtSlot }: ExportOptions,
): Promise<{ text: string; headers: number; votes: number }> {
  const known = await store.load(account);
  const record = copyAtSlot === undefined ? known : doubted(known ?? emptyRecord(0), copyAtSlot);
  const headers: HeaderEntry[] = [];
  const votes: VoteEntry[] = [];
  for await (const entry of store.headers(account)) headers.push(entry);
  for await (const entry of store.votes(account)) votes.push(entry);
  if (record) addLimits(record, headers, votes);
  const root = (bytes: Uint8Array | undefined) => bytes && { signing_root: toHex(bytes) };
  const file = {
    metadata: { interchange_format_version: formatVersion, genesis_id: genesisId },
    data: [
      {
        address: encodeAddress(account),
        signed_headers: headers.map((entry) => ({ slot: String(entry.slot), ...root(entry.root) })),
        signed_votes: votes.map((entry) => ({
          source_round: String(entry.sourceRound),
          target_round: String(entry.targetRound),
          ...root(entry.root),
        })),
        ...(record?.votesDoubtfulSinceMs !== undefined && {
          votes_doubtful_since: String(Math.floor(record.votesDoubtfulSinceMs)),
        }),
      },
    ],
  };
  return { text: `${JSON.stringify(file, undefined, 2)}\n`, headers: headers.length, votes: votes.length };
}

/**
 * Adds what a file says that the account signed. Afterwards the store refuses what either of them refuses.
 * @throws {UserError} `BAD_PROTECTION_FILE`, `WRONG_CHAIN`, `WRONG_ACCOUNT`; nothing has changed then.
 */
export async function importInterchange(
  store: ProtectionStore,
  text: string,
  { genesisId, account, nowMs }: { genesisId: Hex; account: Uint8Array; nowMs: number },
): Promise<{ headers: number; votes: number }> {
  const { metadata, data } = parse(text);
  if (metadata.genesis_id.toLowerCase() !== genesisId) {
    throw new UserError(
      `the file is of the chain ${metadata.genesis_id}, this node's is ${genesisId}`,
      "WRONG_CHAIN",
    );
  }
  const own = data.filter(({ address }) => equalBytes(address, account));
  if (own.length === 0) {
    throw new UserError(
      `the file has no record of this node's account ${encodeAddress(account)}`,
      "WRONG_ACCOUNT",
    );
  }
  const headers: HeaderEntry[] = own.flatMap(({ signed_headers }) =>
    signed_headers.map(({ slot, signing_root }) => ({ slot, root: signing_root })),
  );
  const votes: VoteEntry[] = own.flatMap(({ signed_votes }) =>
    signed_votes.map(({ source_round, target_round, signing_root }) => ({
      sourceRound: source_round,
      targetRound: target_round,
      root: signing_root,
    })),
  );
  let record = (await store.load(account)) ?? emptyRecord(nowMs);
  for (const entry of headers) record = mergeHeader(record, entry);
  for (const entry of votes) record = mergeVote(record, entry);
  for (const { votes_doubtful_since } of own) record = mergeDoubt(record, votes_doubtful_since);
  await store.save(account, record, { headers, votes });
  return { headers: headers.length, votes: votes.length };
}

/** The record after a start from a copy: refuses slots up to now, and votes until it has listened. */
function doubted(record: ProtectionRecord, slot: number): ProtectionRecord {
  const floorSlot = Math.max(record.floorSlot, record.slot, slot);
  return { ...record, floorSlot, votesDoubtfulSinceMs: record.votesDoubtfulSinceMs ?? record.timeMs };
}

/** Adds the limits that the record sets in addition to its entries. */
function addLimits(record: ProtectionRecord, headers: HeaderEntry[], votes: VoteEntry[]): void {
  const { slot, slotRoot, floorSlot, sourceRound, targetRound, targetRoot } = record;
  const lastSlot = headers.at(-1)?.slot ?? -1;
  if (slot > lastSlot) headers.push({ slot, root: slotRoot });
  if (floorSlot > Math.max(slot, lastSlot)) headers.push({ slot: floorSlot, root: undefined });
  const last = votes.at(-1);
  const highestSource = Math.max(0, ...votes.map((vote) => vote.sourceRound));
  if (targetRound > (last?.targetRound ?? 0) || sourceRound > highestSource)
    votes.push({
      sourceRound,
      targetRound,
      root: targetRound === last?.targetRound ? undefined : targetRoot,
    });
}

function parse(text: string): z.infer<typeof interchangeSchema> {
  const bad = (why: string, cause?: unknown) =>
    new UserError(`not a signing history (ccoin protection export): ${why}`, "BAD_PROTECTION_FILE", {
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad(lineOf(error), error);
  }
  let result: ReturnType<typeof interchangeSchema.safeParse>;
  try {
    result = interchangeSchema.safeParse(json);
  } catch (error) {
    throw bad(lineOf(error), error);
  }
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw bad(`${issue?.path.join(".") || "file"}: ${issue?.message}`);
}
