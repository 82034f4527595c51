import type { Address } from "./address.ts";
import { ClientError, type Hex } from "./bytes.ts";
import { type ChainEvent, type EventOptions, openEvents } from "./events.ts";
import { type Fetch, openStream, type RequestOptions, request } from "./http.ts";
import type { Key } from "./keys.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Order, type SendOptions, sendOrder } from "./send.ts";
import { type SignedTransaction, signTransfer } from "./transaction.ts";
import type {
  Account,
  AccountProof,
  Authorities,
  Block,
  BlockSummary,
  Change,
  Diagnosis,
  Finality,
  Fork,
  History,
  HistoryEntry,
  HistoryFilter,
  Hour,
  ParametersProof,
  PastAccount,
  Peer,
  PlacedTransaction,
  ProposalResult,
  Recoveries,
  SideBlock,
  SignedTransfer,
  Status,
  SubmitResult,
  Transaction,
  TransactionProof,
  Turns,
  Vote,
} from "./types.ts";
import { waitForBlock } from "./wait.ts";

/** Blocks that may hold a transfer without a last height: minutes, much longer than with a sufficient fee. */
const defaultValidFor = 100;

export type BlockName = number | Hex | "head" | "justified" | "finalized";

export interface ClientOptions {
  signal?: AbortSignal | undefined;
  fetch?: Fetch | undefined;
}

/** Talks to one node. Methods @throws {ApiError}, {ClientError} `UNREACHABLE`, `NOT_A_NODE`, `CERTIFICATE` */
export class Client {
  /** The node's base URL, without a slash at the end. */
  readonly url: string;
  readonly #signal: AbortSignal | undefined;
  readonly #fetch: Fetch | undefined;

  /**
   * `url` is for example `http://127.0.0.1:63262`, `https://example.org/ccoin` behind a proxy, or `location.href` in a
   * page that the node serves. `signal` aborts every request, including one that is under way. `fetch` asks in place of
   * the global one, for example by a certificate authority of one's own.
   */
  constructor(url: string, { signal, fetch }: ClientOptions = {}) {
    this.#signal = signal;
    this.#fetch = fetch;
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

  /** The agreements by which people let the chain continue with other authorities or parameters. */
  recoveries(): Promise<Recoveries> {
    return this.#get("/v1/recoveries");
  }

  async peers(): Promise<Peer[]> {
    return (await this.#get<{ peers: Peer[] }>("/v1/peers")).peers;
  }

  diagnosis(): Promise<Diagnosis> {
    return this.#get("/v1/diagnosis");
  }

  /** Resolves to canonical blocks below the height `before`, newest first; `next` is the `before` of the next page. */
  blocks(page: { before?: number; limit?: number } = {}): Promise<{
    blocks: BlockSummary[];
    next: number | null;
  }> {
    return this.#get(`/v1/blocks${query(page)}`);
  }

  block(name: BlockName): Promise<Block> {
    return this.#get(`/v1/blocks/${encodeURIComponent(name)}`);
  }

  /** Resolves to the newest 100 blocks that the node has seen and that are not canonical, highest first. */
  async forks(): Promise<SideBlock[]> {
    return (await this.#get<{ blocks: SideBlock[] }>("/v1/forks")).blocks;
  }

  /** Resolves to one of the blocks of `forks`, and what became of its transactions. */
  fork(id: Hex): Promise<Fork> {
    return this.#get(`/v1/forks/${encodeURIComponent(id)}`);
  }

  /** Resolves to the least fee with which a transfer finds room in the node's mempool now. */
  async leastFee(): Promise<bigint> {
    return BigInt((await this.status()).mempool.minFee ?? 0);
  }

  /**
   * Signs a transfer for the node's chain. By default the fee is the least that is accepted now, the nonce is the
   * account's next, and the next 100 blocks may hold the transfer. @throws {ClientError} `NO_GENESIS` if the node has
   * no chain yet
   */
  async sign(
    key: Pick<Key, "address" | "sign">,
    { validFor = defaultValidFor, ...transfer }: Order,
  ): Promise<SignedTransaction> {
    const nonce = transfer.nonce ?? (await this.account(key.address)).pendingNonce;
    const { genesisId, mempool, head } = await this.status();
    if (!genesisId) throw new ClientError("NO_GENESIS", `the node at ${this.url} has no chain yet`);
    const fee = transfer.fee ?? BigInt(mempool.minFee ?? 0);
    const validUntil = transfer.validUntil ?? (validFor === 0 ? 0 : (head?.height ?? 0) + validFor);
    return signTransfer(key, genesisId, { ...transfer, fee, nonce, validUntil });
  }

  /**
   * Signs a transfer as `sign` does and submits it; resolves once it is on the node's disk. The node may refuse it
   * because its nonce has been used or its last height has passed in the meantime. If this method chose both, it signs
   * the order again, but only after a final block shows that no block can hold the previous transfer: an order is never
   * paid twice.
   */
  async send(
    key: Pick<Key, "address" | "sign">,
    order: Order,
    options: SendOptions = {},
  ): Promise<SignedTransaction> {
    return sendOrder(this, key, order, { ...options, signal: this.#signal });
  }

  /** Submits a signed transfer; resolves to its id once it is on the node's disk. */
  async submit(transaction: SignedTransfer): Promise<Hex> {
    const body = transferBody(transaction);
    return (await this.#post<{ id: Hex }>("/v1/transactions", { body })).id;
  }

  /** Submits at most 1,000 transfers at once; a refused one does not stop the others. */
  submitMany(transactions: readonly SignedTransfer[]): Promise<SubmitResult> {
    return this.#post("/v1/transactions", { body: transactions.map(transferBody) });
  }

  transaction(id: Hex): Promise<PlacedTransaction> {
    return this.#get(`/v1/transactions/${encodeURIComponent(id)}`);
  }

  /** Resolves to the fate of a transfer: paid, still payable, or never to be paid. */
  outcome(signed: SignedTransaction): Promise<Outcome> {
    return outcomeOf(this, signed);
  }

  /**
   * Resolves when a block holds a transaction that the node has accepted, or when that block is final. Keeps asking
   * while the node is away or busy, since an accepted transaction is on its disk. @throws {ClientError} `EVICTED` if
   * the node has dropped the transaction; `EXPIRED` or `REPLACED` if a signed transaction is not paid and never will
   * be; the error of the last request if the node has been away for a minute; the reason of `signal` as soon as it is
   * aborted
   */
  async waitFor(
    transaction: Hex | SignedTransaction,
    until: "included" | "finalized" = "included",
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<PlacedTransaction> {
    const client = signal ? new Client(this.url, { signal: this.#either(signal), fetch: this.#fetch }) : this;
    return waitForBlock(client, transaction, until, signal);
  }

  /** Resolves to the waiting transactions in the order of arrival; `next` is the `after` of the next page. */
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

  /** Resolves to the balance after an earlier block, by height or time. @throws {ApiError} `BLOCK_NOT_FOUND` */
  accountAt(address: Address, at: number | Date): Promise<PastAccount> {
    const block = typeof at === "number" ? at : at.toISOString();
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}${query({ at: block })}`);
  }

  /**
   * Resolves to transactions that the account sent or received, newest first; `next` is the `before` of the next page.
   * A page of a filter that few transactions pass may be short, or empty, although there is a next one.
   */
  history(
    address: Address,
    page: HistoryFilter & { before?: string | undefined; after?: string | undefined; limit?: number } = {},
  ): Promise<History> {
    return this.#get(historyPath(address, { ...page }));
  }

  /** Yields all transactions that the account sent or received, newest first. */
  async *wholeHistory(
    address: Address,
    filter: HistoryFilter = {},
  ): AsyncGenerator<HistoryEntry, void, void> {
    for (let before: string | undefined; ; ) {
      const { transactions, next } = await this.history(address, { ...filter, before, limit: 100 });
      yield* transactions;
      if (next === null) return;
      before = next;
    }
  }

  /** The address of a table (CSV) of all transactions that the account sent or received, the oldest first. */
  historyTableUrl(address: Address, filter: HistoryFilter = {}): string {
    return this.url + historyPath(address, { ...filter, format: "csv" });
  }

  /** Resolves to that table, which is read while it arrives. */
  historyTable(address: Address, filter: HistoryFilter = {}): Promise<ReadableStream<Uint8Array>> {
    const path = historyPath(address, { ...filter, format: "csv" });
    return openStream(this.url, path, "text/csv", { signal: this.#signal, fetch: this.#fetch });
  }

  /** Resolves to a proof for `verifyAccountProof` at `block`, a recent block, by default the finalized one. */
  accountProof(address: Address, block: BlockName = "finalized"): Promise<AccountProof> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/proof${query({ block })}`);
  }

  /** Resolves to a proof for `verifyParametersProof` at `block`, by default the finalized one. */
  parametersProof(block: BlockName = "finalized"): Promise<ParametersProof> {
    return this.#get(`/v1/parameters/proof${query({ block })}`);
  }

  /** Resolves to a proof for `verifyTransactionProof` in `block`, by default the canonical one that holds it. */
  transactionProof(id: Hex, block?: BlockName): Promise<TransactionProof> {
    return this.#get(`/v1/transactions/${encodeURIComponent(id)}/proof${query({ block })}`);
  }

  finality(): Promise<Finality> {
    return this.#get("/v1/finality");
  }

  authorities(): Promise<Authorities> {
    return this.#get("/v1/authorities");
  }

  /** Resolves to the turns of the newest blocks, counted from a height on. */
  turns(): Promise<{ countedFrom: number; authorities: Turns[] }> {
    return this.#get("/v1/authorities/turns");
  }

  /** Resolves to figures of the chain by the hour, newest first; `next` is the `before` of the next page. */
  figures(page: { before?: number; limit?: number } = {}): Promise<{ hours: Hour[]; next: number | null }> {
    return this.#get(`/v1/figures${query(page)}`);
  }

  /** Resolves to changes of authorities and parameters, newest first; `next` is the `before` of the next page. */
  changes(
    page: { before?: number; limit?: number } = {},
  ): Promise<{ changes: Change[]; next: number | null }> {
    return this.#get(`/v1/changes${query(page)}`);
  }

  /**
   * Makes the node vote for a change. `adminToken` is the content of the file `admin-token` in the node's folder.
   * `force` proposes the change even if too few authorities would be known to be alive afterwards.
   */
  propose(vote: Vote, adminToken: string, { force = false } = {}): Promise<ProposalResult> {
    const body = force ? { ...vote, force } : vote;
    return this.#post("/v1/authorities/proposals", { body, ...bearer(adminToken) });
  }

  /** Withdraws a proposal; `subject` is the candidate's address, or the name of a parameter. */
  dropProposal(subject: string, adminToken: string): Promise<ProposalResult> {
    const path = `/v1/authorities/proposals/${encodeURIComponent(subject)}`;
    return this.#request(path, { method: "DELETE", ...bearer(adminToken) });
  }

  /**
   * Yields each event from now on exactly once, across broken connections and restarts of the node. Leave the loop or
   * abort `signal` to stop. The loop itself @throws {ApiError} `EVENTS_TOO_OLD`, `EVENTS_UNKNOWN` if the node cannot
   * resume after the last event that was seen.
   */
  events(options: EventOptions = {}): Promise<AsyncGenerator<ChainEvent, void, void>> {
    const signal = this.#either(options.signal);
    return openEvents(this.url, signal ? { ...options, signal } : options, this.#fetch);
  }

  #either(signal: AbortSignal | undefined): AbortSignal | undefined {
    return signal && this.#signal ? AbortSignal.any([signal, this.#signal]) : (signal ?? this.#signal);
  }

  #get<T>(path: string): Promise<T> {
    return this.#request(path, {});
  }

  #post<T>(path: string, options: RequestOptions): Promise<T> {
    return this.#request(path, { method: "POST", ...options });
  }

  #request<T>(path: string, options: RequestOptions): Promise<T> {
    return request(this.url, path, { signal: this.#signal, fetch: this.#fetch, ...options });
  }
}

/** Picks the members of a transfer, because the node refuses any others. */
function transferBody(transfer: SignedTransfer): SignedTransfer {
  const { from, to, amount, fee, nonce, validUntil, memo, signature } = transfer;
  return { from, to, amount, fee, nonce, validUntil, memo, signature };
}

function bearer(token: string): RequestOptions {
  return { headers: { authorization: `Bearer ${token}` } };
}

function historyPath(address: Address, parameters: Parameters<typeof query>[0]): string {
  return `/v1/accounts/${encodeURIComponent(address)}/transactions${query(parameters)}`;
}

function query(parameters: Readonly<Record<string, string | number | bigint | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
