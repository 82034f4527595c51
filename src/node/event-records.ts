import type { Chain } from "../chain/chain.ts";
import type { HeadChange } from "../chain/types.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { TransactionLog } from "../mempool/types.ts";
import type { EventLog, LoggedEvent } from "../storage/event-log.ts";
import type { TransactionRecord } from "../types/index.ts";

/** Entries of the event log for a change of the head. */
export function headEvents({ retracted, applied }: HeadChange): LoggedEvent[] {
  return [
    ...retracted.map(({ height, id }) => ({ name: "retracted", height, id }) as const),
    ...applied.map(({ height, id }) => ({ name: "block", height, id }) as const),
  ];
}

export function transactionLog(log: EventLog): TransactionLog {
  const events = (records: readonly TransactionRecord[]) =>
    records.map(({ id }) => ({ name: "transaction", id }) as const);
  return {
    record: (records) => log.record(events(records)),
    // One that fails ends the node.
    append: (records) => void log.append(events(records)).catch(() => undefined),
  };
}

/** Tells the readers of the log what has been recorded with changes of the chain and the mempool. */
export function followEvents(log: EventLog, chain: Chain, mempool: Mempool): void {
  chain.events.on("head", () => log.announce());
  chain.events.on("finality", () => log.announce());
  mempool.events.on("added", () => log.announce());
}
