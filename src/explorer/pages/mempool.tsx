import { byteSize, count } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Answer, Section } from "../parts/layout.tsx";
import { TransactionTable } from "../parts/transactions.tsx";
import { useLoad, useStore } from "../store.ts";

const shownTransactions = 200;

export function MempoolPage(): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(
    () => client.mempool({ limit: shownTransactions }),
    `${status?.head?.id} ${status?.mempool.count}`,
  );
  return (
    <>
      <h1>Mempool</h1>
      <Answer
        loaded={loaded}
        show={({ count: waiting, bytes, transactions }) => (
          <Section
            title={`${count(waiting, "transaction")} waiting`}
            aside={
              waiting > transactions.length
                ? `${byteSize(bytes)}, the first ${transactions.length} are shown`
                : byteSize(bytes)
            }
          >
            <TransactionTable
              rows={transactions}
              empty="No transaction waits: new ones are in a block soon."
            />
          </Section>
        )}
      />
    </>
  );
}
