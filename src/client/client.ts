import type { Address } from "./address.ts";
import { ClientError, type Hex } from "./bytes.ts";
import { type ChainEvent, type EventOptions, openEvents } from "./events.ts";
import { ApiError, isTransient, type RequestOptions, request } from "./http.ts";
import type { Key } from "./keys.ts";
import { type SignedTransaction, signTransfer, type Transfer } from "./transaction.ts";
import type {
  Account,
  AccountProof,
  Authorities,
  Block,
  BlockSummary,
  Diagnosis,
  Finality,
  Peer,
  PlacedTransaction,
  ProposalResult,
  SideBlock,
  SignedTransfer,
  Status,
  SubmitResult,
  Transaction,
  TransactionProof,
  Vote,
} from "./types.ts";

/** The first is as fast as the fastest chain makes blocks; a slow one is asked less and less often. */
const minPollMs = 100;
const maxPollMs = 2_000;
/** A transaction that was accepted and is unknown for so long has been evicted or replaced. */
const lostAfterMs = 5_000;
/** A node that is started again is back by then; one with a long chain may take so long. */
const awayMs = 60_000;

export type BlockName = number | Hex | "head" | "justified" | "finalized";

/** Talks to one node (docs/http.md). @throws from every method {ApiError}, or {ClientError} `UNREACHABLE`, `NOT_A_NODE`. */
export class Client {
  /** Without a slash at the end. */
  readonly url: string;

  /** `url`: such as `http://127.0.0.1:63262`; in a page that the node has served, `location.origin`. */
  constructor(url: string) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new ClientError(
        "BAD_URL",
        `not an HTTP address, such as http://127.0.0.1:63262: ${JSON.stringify(url)}`,
      );
    }
    const { origin, pathname } = new URL(url);
    this.url = `${origin}${pathname.replace(/\/+$/, "")}`;
  }

  status(): Promise<Status> {
    return this.#get("/v1/status");
  }

  async peers(): Promise<Peer[]> {
    return (await this.#get<{ peers: Peer[] }>("/v1/peers")).peers;
  }

  diagnosis(): Promise<Diagnosis> {
    return this.#get("/v1/diagnosis");
  }

  /** Canonical blocks below the height `before`, newest first; `next` is the `before` of the next page. */
  blocks(page: { before?: number; limit?: number } = {}): Promise<{
    blocks: BlockSummary[];
    next: number | null;
  }> {
    return this.#get(`/v1/blocks${query(page)}`);
  }

  block(name: BlockName): Promise<Block> {
    return this.#get(`/v1/blocks/${encodeURIComponent(name)}`);
  }

  /** The blocks that the node has seen since its start and that are not canonical, highest first. */
  async forks(): Promise<SideBlock[]> {
    return (await this.#get<{ blocks: SideBlock[] }>("/v1/forks")).blocks;
  }

  /** The least fee with which a transfer finds room in the node's mempool now. */
  async leastFee(): Promise<bigint> {
    return BigInt((await this.status()).mempool.minFee ?? 0);
  }

  /**
   * Signs a transfer for the node's chain and submits it; resolves once it is on the node's disk. Without `fee` it pays the least that
   * is accepted now, without `nonce` it has the account's next. @throws {ClientError} `NO_GENESIS`: the node has no chain yet
   */
  async send(
    key: Pick<Key, "address" | "sign">,
    transfer: Omit<Transfer, "nonce"> & { nonce?: number },
  ): Promise<SignedTransaction> {
    const { genesisId, mempool } = await this.status();
    if (!genesisId) throw new ClientError("NO_GENESIS", `the node at ${this.url} has no chain yet`);
    const fee = transfer.fee ?? BigInt(mempool.minFee ?? 0);
    const nonce = transfer.nonce ?? (await this.account(key.address)).pendingNonce;
    const signed = await signTransfer(key, genesisId, { ...transfer, fee, nonce });
    await this.submit(signed);
    return signed;
  }

  /** Resolves to the id once the transaction is on the node's disk. */
  async submit(transaction: SignedTransfer): Promise<Hex> {
    const body = transferBody(transaction);
    return (await this.#post<{ id: Hex }>("/v1/transactions", { body })).id;
  }

  /** At most 1,000 at once; one that is refused does not stop the others. */
  submitMany(transactions: readonly SignedTransfer[]): Promise<SubmitResult> {
    return this.#post("/v1/transactions", { body: transactions.map(transferBody) });
  }

  transaction(id: Hex): Promise<PlacedTransaction> {
    return this.#get(`/v1/transactions/${encodeURIComponent(id)}`);
  }

  /**
   * Resolves when a block holds a transaction that the node has accepted, or that block is final. Asks again while the node is
   * away or busy: what it has accepted is on its disk. @throws {ClientError} `EVICTED`: the node has dropped it; what it failed
   * with, after a minute.
   */
  async waitFor(
    id: Hex,
    until: "included" | "finalized" = "included",
    signal?: AbortSignal,
  ): Promise<PlacedTransaction> {
    let knownAt = performance.now();
    let answeredAt = knownAt;
    for (let pollMs = minPollMs; ; pollMs = Math.min(pollMs * 1.1, maxPollMs)) {
      signal?.throwIfAborted();
      try {
        const answer = await this.transaction(id);
        if (answer.status === "finalized" || answer.status === until) return answer;
        answeredAt = knownAt = performance.now();
      } catch (error) {
        const now = performance.now();
        const isUnknown = error instanceof ApiError && error.status === 404;
        if (!isUnknown && (!isTransient(error) || now - answeredAt > awayMs)) throw error;
        // Only an answer can say that it is not there.
        if (isUnknown) answeredAt = now;
        else knownAt = now;
        if (now - knownAt > lostAfterMs) {
          const message = `the node no longer knows transaction ${id}: it was evicted; send it again`;
          throw new ClientError("EVICTED", message);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** Those that wait, in the order of arrival; `next` is the `after` of the next page. */
  mempool(page: { after?: number; limit?: number } = {}): Promise<{
    count: number;
    bytes: number;
    transactions: Transaction[];
    next: number | null;
  }> {
    return this.#get(`/v1/mempool${query(page)}`);
  }

  account(address: Address): Promise<Account> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}`);
  }

  /** Sent and received, newest first; `next` is the `before` of the next page. */
  history(
    address: Address,
    page: { before?: string; limit?: number } = {},
  ): Promise<{ transactions: PlacedTransaction[]; next: string | null }> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/transactions${query(page)}`);
  }

  /** `block`: one of the newest; by default the finalized one. For `verifyAccountProof`. */
  accountProof(address: Address, block: BlockName = "finalized"): Promise<AccountProof> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/proof${query({ block })}`);
  }

  /** `block`: by default the one of the canonical chain that holds it. For `verifyTransactionProof`. */
  transactionProof(id: Hex, block?: BlockName): Promise<TransactionProof> {
    return this.#get(`/v1/transactions/${encodeURIComponent(id)}/proof${query({ block })}`);
  }

  finality(): Promise<Finality> {
    return this.#get("/v1/finality");
  }

  authorities(): Promise<Authorities> {
    return this.#get("/v1/authorities");
  }

  /**
   * Has the node vote for a change. `adminToken` is the text of the file `admin-token` in the node's folder. `force` asks for it even
   * where too few authorities would be known to be alive afterwards.
   */
  propose(vote: Vote, adminToken: string, { force = false } = {}): Promise<ProposalResult> {
    const body = force ? { ...vote, force } : vote;
    return this.#post("/v1/authorities/proposals", { body, ...bearer(adminToken) });
  }

  /** `subject` is the candidate's address, or the name of a parameter. */
  dropProposal(subject: string, adminToken: string): Promise<ProposalResult> {
    const path = `/v1/authorities/proposals/${encodeURIComponent(subject)}`;
    return request(this.url, path, { method: "DELETE", ...bearer(adminToken) });
  }

  /**
   * What happens once this has resolved, across broken connections and restarts of the node: each event once. Leave the loop, or
   * use `signal`, to end it. @throws {ApiError} also from the loop `EVENTS_TOO_OLD`, `EVENTS_UNKNOWN`: the node cannot go on
   * after the last event that was seen.
   */
  events(options: EventOptions = {}): Promise<AsyncGenerator<ChainEvent, void, void>> {
    return openEvents(this.url, options);
  }

  #get<T>(path: string): Promise<T> {
    return request(this.url, path);
  }

  #post<T>(path: string, options: RequestOptions): Promise<T> {
    return request(this.url, path, { method: "POST", ...options });
  }
}

/** The node refuses members that it does not know. */
function transferBody(transfer: SignedTransfer): SignedTransfer {
  const { from, to, amount, fee, nonce, validUntil, memo, signature } = transfer;
  return { from, to, amount, fee, nonce, validUntil, memo, signature };
}

function bearer(token: string): RequestOptions {
  return { headers: { authorization: `Bearer ${token}` } };
}

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${value}`).join("&")}`;
}
