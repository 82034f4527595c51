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

/** The first is as fast as the fastest chain makes blocks; a slow one is asked less and less often. */
const minPollMs = 100;
const maxPollMs = 2_000;
/** A transaction that was accepted and is unknown for so long has been evicted or replaced. */
const lostAfterMs = 5_000;
/** A node that is started again is back by then; one with a long chain may take so long. What has ended is final by then. */
const awayMs = 60_000;
/** Blocks that may hold a transfer that is sent without a last height: some minutes, and many more than one needs that pays its place. */
const defaultValidFor = 100;
/** How often one order is signed, each time after the transfer before it can be in no block any more. */
const maxSignings = 3;

/** A transfer for `Client.send`, which chooses what is left out. */
export type Order = Omit<Transfer, "nonce"> & {
  nonce?: number;
  /** Blocks after the head that may hold it, 100 by default; 0: no limit. Not beside `validUntil`. */
  validFor?: number;
};

export interface SendOptions {
  /** Signed for the same order before, by a call that got no answer: it is submitted, and another only once it can be in no block. */
  earlier?: SignedTransaction | undefined;
  /** Told of each that is signed, before it is submitted. */
  onSigned?(signed: SignedTransaction): void;
}

export type BlockName = number | Hex | "head" | "justified" | "finalized";

/** Talks to one node (docs/http.md). @throws from every method {ApiError}, or {ClientError} `UNREACHABLE`, `NOT_A_NODE`. */
export class Client {
  /** Without a slash at the end. */
  readonly url: string;
  readonly #signal: AbortSignal | undefined;

  /**
   * `url`: such as `http://127.0.0.1:63262`; in a page that the node has served, `location.origin`. `signal` ends every request,
   * also one that is under way.
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

  /** Agreements of people by which the chain went on after it had lost its majority of authorities. */
  recoveries(): Promise<Recoveries> {
    return this.#get("/v1/recoveries");
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
   * Signs a transfer for the node's chain. Without `fee` it pays the least that is accepted now, without `nonce` it has the account's
   * next, without `validUntil` and `validFor` the next 100 blocks may hold it. @throws {ClientError} `NO_GENESIS`: the node has no chain yet
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
   * Signs a transfer as `sign` does, and submits it; resolves once it is on the node's disk. Where the node refuses it because others
   * have used the nonce or too many blocks have come meanwhile, and both were left to this method, it is signed again, but only
   * once a final block shows that the one before can be in no block: it is never paid twice.
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
        // An earlier try has reached it.
        if (error.code === "ALREADY_KNOWN" && signed === earlier) return signed;
        const isLate = error.code === "NONCE_TOO_LOW" || error.code === "EXPIRED";
        if (!isLate || !mayChoose || signings === maxSignings) throw error;
        if (await this.#isTaken(signed, error)) return signed;
        signed = undefined;
      }
    }
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

  /** The fate of a transfer: paid, still payable, or never to be paid. */
  outcome(signed: SignedTransaction): Promise<Outcome> {
    return outcomeOf(this, signed);
  }

  /**
   * Resolves when a block holds a transaction that the node has accepted, or that block is final. Asks again while the node is
   * away or busy: what it has accepted is on its disk. @throws {ClientError} `EVICTED`: the node has dropped it; `EXPIRED`,
   * `REPLACED`, of a signed transaction: it is not paid, and never will be; what asking failed with, after a minute; the reason of
   * `signal` as soon as it is aborted.
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
        // Only an answer can say that it is not there.
        if (isUnknown) answeredAt = now;
        else knownAt = now;
        if (isUnknown && typeof transaction !== "string") await client.#throwIfOver(transaction);
        if (now - knownAt > (await client.#lostAfterMs(transaction))) {
          const message = `the node no longer knows transaction ${id}: it was evicted; send the same one again`;
          throw new ClientError("EVICTED", message);
        }
      }
      await pause(pollMs, signal);
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
    return request(this.url, path, { method: "DELETE", signal: this.#signal, ...bearer(adminToken) });
  }

  /**
   * Events from now on, across broken connections and restarts of the node: each event once. Leave the loop, or
   * use `signal`, to end it. @throws {ApiError} also from the loop `EVENTS_TOO_OLD`, `EVENTS_UNKNOWN`: the node cannot go on
   * after the last event that was seen.
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
      throw new ClientError("REPLACED", `${never}: another has used its nonce ${nonce}`);
  }

  /** One whose last height has passed is dropped at once, and known to be over as soon as that height is final. */
  async #lostAfterMs(transaction: Hex | SignedTransaction): Promise<number> {
    const validUntil = typeof transaction === "string" ? 0 : transaction.validUntil;
    if (validUntil === 0) return lostAfterMs;
    const head = await this.status().then(
      (status) => status.head,
      () => undefined,
    );
    return head && head.height < validUntil ? lostAfterMs : awayMs;
  }

  /** True if the node has a transfer although it refused it. @throws {refusal} if that is not decided in a minute. */
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

/** It may have arrived: another with a new nonce would be a second payment. */
function unanswered(error: unknown, url: string, id: Hex): unknown {
  if (!(error instanceof ClientError)) return error;
  const hint = `before sending again, see whether ${url}/v1/transactions/${id} knows it`;
  return new ClientError(error.code, `${error.message}; ${hint}`, { cause: error });
}

/** Nothing is known while the node is away or busy. */
async function orUnknown(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (isTransient(error)) return "unknown";
    throw error;
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
