import type { ChainParticipant } from "../chain/participants.ts";
import type { HeadChange } from "../chain/types.ts";
import type { TransactionLog } from "../mempool/types.ts";
import { type EventLog, encodeEvents, type LoggedEvent } from "../storage/event-log.ts";
import type { TransactionRecord } from "../types/index.ts";

/** The entries of the event log for a change of the head. */
export function headEvents({ retracted, applied }: HeadChange): LoggedEvent[] {
  return [
    ...retracted.map(({ height, id }) => ({ name: "retracted", height, id }) as const),
    ...applied.map(({ height, id }) => ({ name: "block", height, id }) as const),
  ];
}

/** Records what happens to blocks, in one batch with the change itself. */
export function blockLog(log: EventLog): ChainParticipant {
  return {
    prepare: async (change) => () => log.prepare(encodeEvents(headEvents(change))),
    prepareFinal: (block) => log.prepare(encodeEvents([{ name: "finalized", ...block }])),
  };
}

/** Records transactions that enter the mempool, in one batch with them. */
export function transactionLog(log: EventLog): TransactionLog {
  const events = (records: readonly TransactionRecord[]) =>
    records.map(({ id }) => ({ name: "transaction", id }) as const);
  return {
    encode: (records) => encodeEvents(events(records)),
    prepare: (rows) => log.prepare(rows),
    // A write that fails ends the node.
    append: (records) => {
      log.append(events(records)).catch(() => undefined);
    },
  };
}
