import type { Address } from "./address.ts";
import { ClientError, type Hex } from "./bytes.ts";
import { type ChainEvent, type EventOptions, openEvents } from "./events.ts";
import { ApiError, isTransient, type RequestOptions, request } from "./http.ts";
import type { Key } from "./keys.ts";
import { isUnknownId, type Outcome, outcomeOf } from "./outcome.ts";
import { pause } from "./pause.ts";
import { type SignedTransaction, signTransfer, type Transfer } from "./transaction.ts";
import type {
  Account,
  AccountProof,
  Authorities,
  Block,
  BlockSummary,
  Diagnosis,
  Finality,
  ParametersProof,
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
  Vote,
} from "./types.ts";

/** Polling starts at the block period of the fastest chain and slows down from there. */
const minPollMs = 100;
const maxPollMs = 2_000;
/** An accepted transaction that the node has not known for this long has been evicted or replaced. */
const lostAfterMs = 5_000;
/** A restarted node with a long chain may take this long to answer again. A transfer that has ended is final by then. */
const awayMs = 60_000;
/** Number of blocks that may hold a transfer without a last height: some minutes, much longer than a transfer with a sufficient fee waits. */
const defaultValidFor = 100;
/** How often one order is signed at most; it is signed again only when no block can hold the previous transfer any more. */
const maxSignings = 3;

/** A transfer for `Client.send`, which fills in the omitted fields. */
export type Order = Omit<Transfer, "nonce"> & {
  nonce?: number;
  /** Number of blocks after the head that may hold the transfer, 100 by default; 0 for no limit. Excludes `validUntil`. */
  validFor?: number;
};

export interface SendOptions {
  /**
   * The transfer that an earlier call signed for the same order without getting an answer. It is submitted again, and replaced only
   * when no block can hold it any more.
   */
  earlier?: SignedTransaction | undefined;
  /** Called with each signed transfer before it is submitted. */
  onSigned?(signed: SignedTransaction): void;
}

export type BlockName = number | Hex | "head" | "justified" | "finalized";

/** Talks to one node (docs/http.md). Every method @throws {ApiError}, or {ClientError} `UNREACHABLE`, `NOT_A_NODE`. */
export class Client {
  /** The node's base URL, without a slash at the end. */
  readonly url: string;
  readonly #signal: AbortSignal | undefined;

  /**
   * `url` is for example `http://127.0.0.1:63262`, or `location.origin` in a page that the node serves. `signal` aborts every request,
   * including one that is under way.
   */
  constructor(url: string, { signal }: { signal?: AbortSignal | undefined } = {}) {
    this.#signal = signal;
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

  /** Resolves to the blocks that the node has seen since its start and that are not canonical, highest first. */
  async forks(): Promise<SideBlock[]> {
    return (await this.#get<{ blocks: SideBlock[] }>("/v1/forks")).blocks;
  }

  /** Resolves to the least fee with which a transfer finds room in the node's mempool now. */
  async leastFee(): Promise<bigint> {
    return BigInt((await this.status()).mempool.minFee ?? 0);
  }

  /**
   * Signs a transfer for the node's chain. By default the fee is the least that is accepted now, the nonce is the account's next, and
   * the next 100 blocks may hold the transfer. @throws {ClientError} `NO_GENESIS` if the node has no chain yet
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
   * Signs a transfer as `sign` does and submits it; resolves once it is on the node's disk. The node may refuse it because its nonce
   * has been used or its last height has passed in the meantime. If this method chose both, it signs the order again, but only after
   * a final block shows that no block can hold the previous transfer: an order is never paid twice.
   */
  async send(
    key: Pick<Key, "address" | "sign">,
    order: Order,
    { earlier, onSigned }: SendOptions = {},
  ): Promise<SignedTransaction> {
    const mayChoose = order.nonce === undefined && order.validUntil === undefined;
    let signed = earlier;
    for (let signings = 1; ; signings++) {
      signed ??= await this.sign(key, order);
      onSigned?.(signed);
      try {
        await this.submit(signed);
        return signed;
      } catch (error) {
        if (!(error instanceof ApiError)) throw unanswered(error, this.url, signed.id);
        // The earlier attempt has reached the node.
        if (error.code === "ALREADY_KNOWN" && signed === earlier) return signed;
        const isLate = error.code === "NONCE_TOO_LOW" || error.code === "EXPIRED";
        if (!isLate || !mayChoose || signings === maxSignings) throw error;
        if (await this.#isTaken(signed, error)) return signed;
        signed = undefined;
      }
    }
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
   * Resolves when a block holds a transaction that the node has accepted, or when that block is final. Keeps asking while the node is
   * away or busy, since an accepted transaction is on its disk. @throws {ClientError} `EVICTED` if the node has dropped the transaction;
   * `EXPIRED` or `REPLACED` if a signed transaction is not paid and never will be; the error of the last request if the node has been
   * away for a minute; the reason of `signal` as soon as it is aborted
   */
  async waitFor(
    transaction: Hex | SignedTransaction,
    until: "included" | "finalized" = "included",
    signal?: AbortSignal,
  ): Promise<PlacedTransaction> {
    const id = typeof transaction === "string" ? transaction : transaction.id;
    const client = signal ? new Client(this.url, { signal: this.#either(signal) }) : this;
    let knownAt = performance.now();
    let answeredAt = knownAt;
    for (let pollMs = minPollMs; ; pollMs = Math.min(pollMs * 1.1, maxPollMs)) {
      signal?.throwIfAborted();
      try {
        const answer = await client.transaction(id);
        if (answer.status === "finalized" || answer.status === until) return answer;
        answeredAt = knownAt = performance.now();
      } catch (error) {
        const now = performance.now();
        const isUnknown = isUnknownId(error);
        if (!isUnknown && (!isTransient(error) || now - answeredAt > awayMs)) throw error;
        // Only an answer shows that the node does not know the transaction; a failed request shows nothing.
        if (isUnknown) answeredAt = now;
        else knownAt = now;
        if (isUnknown && typeof transaction !== "string") await client.#throwIfOver(transaction);
        if (now - knownAt > (await client.#lostAfterMs(transaction))) {
          const message = `the node no longer knows transaction ${id}: it was evicted; submit the same transaction again`;
          throw new ClientError("EVICTED", message);
        }
      }
      await pause(pollMs, signal);
    }
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

  /** Resolves to the transactions that the account sent or received, newest first; `next` is the `before` of the next page. */
  history(
    address: Address,
    page: { before?: string; limit?: number } = {},
  ): Promise<{ transactions: PlacedTransaction[]; next: string | null }> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/transactions${query(page)}`);
  }

  /** Resolves to a proof for `verifyAccountProof` at `block`, which must be a recent block; by default the finalized one. */
  accountProof(address: Address, block: BlockName = "finalized"): Promise<AccountProof> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/proof${query({ block })}`);
  }

  /** Resolves to a proof for `verifyParametersProof` at `block`, by default the finalized one. */
  parametersProof(block: BlockName = "finalized"): Promise<ParametersProof> {
    return this.#get(`/v1/parameters/proof${query({ block })}`);
  }

  /** Resolves to a proof for `verifyTransactionProof` in `block`, by default the canonical block that holds the transaction. */
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
   * Makes the node vote for a change. `adminToken` is the content of the file `admin-token` in the node's folder. `force` proposes the
   * change even if too few authorities would be known to be alive afterwards.
   */
  propose(vote: Vote, adminToken: string, { force = false } = {}): Promise<ProposalResult> {
    const body = force ? { ...vote, force } : vote;
    return this.#post("/v1/authorities/proposals", { body, ...bearer(adminToken) });
  }

  /** Withdraws a proposal; `subject` is the candidate's address, or the name of a parameter. */
  dropProposal(subject: string, adminToken: string): Promise<ProposalResult> {
    const path = `/v1/authorities/proposals/${encodeURIComponent(subject)}`;
    return request(this.url, path, { method: "DELETE", signal: this.#signal, ...bearer(adminToken) });
  }

  /**
   * Yields each event from now on exactly once, across broken connections and restarts of the node. Leave the loop or abort `signal`
   * to stop. The loop itself @throws {ApiError} `EVENTS_TOO_OLD`, `EVENTS_UNKNOWN` if the node cannot resume after the last event
   * that was seen.
   */
  events(options: EventOptions = {}): Promise<AsyncGenerator<ChainEvent, void, void>> {
    const signal = this.#either(options.signal);
    return openEvents(this.url, signal ? { ...options, signal } : options);
  }

  async #throwIfOver(signed: SignedTransaction): Promise<void> {
    const { id, nonce, validUntil } = signed;
    const outcome = await orUnknown(this.outcome(signed));
    const never = `transaction ${id} is not paid, and never will be`;
    if (outcome === "ended")
      throw new ClientError("EXPIRED", `${never}: it was valid until block ${validUntil}`);
    if (outcome === "replaced")
      throw new ClientError("REPLACED", `${never}: another transaction has used its nonce ${nonce}`);
  }

  /** A node drops a transfer as soon as its last height has passed, but the outcome is known only when that height is final. */
  async #lostAfterMs(transaction: Hex | SignedTransaction): Promise<number> {
    const validUntil = typeof transaction === "string" ? 0 : transaction.validUntil;
    if (validUntil === 0) return lostAfterMs;
    const head = await this.status().then(
      (status) => status.head,
      () => undefined,
    );
    return head && head.height < validUntil ? lostAfterMs : awayMs;
  }

  /** True if the node has the transfer although it refused it this time. @throws {refusal} if that is undecided after a minute */
  async #isTaken(signed: SignedTransaction, refusal: ApiError): Promise<boolean> {
    const startedAt = performance.now();
    for (let pollMs = minPollMs; ; pollMs = Math.min(pollMs * 1.1, maxPollMs)) {
      const outcome = await orUnknown(this.outcome(signed));
      if (outcome === "ended" || outcome === "replaced") return false;
      if (outcome !== "unknown") return true;
      if (performance.now() - startedAt > awayMs) throw refusal;
      await pause(pollMs, this.#signal);
    }
  }

  #either(signal: AbortSignal | undefined): AbortSignal | undefined {
    return signal && this.#signal ? AbortSignal.any([signal, this.#signal]) : (signal ?? this.#signal);
  }

  #get<T>(path: string): Promise<T> {
    return request(this.url, path, { signal: this.#signal });
  }

  #post<T>(path: string, options: RequestOptions): Promise<T> {
    return request(this.url, path, { method: "POST", signal: this.#signal, ...options });
  }
}

/** Adds a hint to an error: the transfer may have arrived, and another with a new nonce would be a second payment. */
function unanswered(error: unknown, url: string, id: Hex): unknown {
  if (!(error instanceof ClientError)) return error;
  const hint = `before sending again, see whether ${url}/v1/transactions/${id} knows it`;
  return new ClientError(error.code, `${error.message}; ${hint}`, { cause: error });
}

/** Resolves to `unknown` while the node is away or busy. */
async function orUnknown(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (isTransient(error)) return "unknown";
    throw error;
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

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${value}`).join("&")}`;
}
