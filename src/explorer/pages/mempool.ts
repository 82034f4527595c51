import { byteSize, count } from "../format.ts";
import { html, type Markup } from "../html.ts";
import { client, live } from "../live.ts";
import { Answer, Section } from "../parts/layout.ts";
import { TransactionTable } from "../parts/transactions.ts";
import { useLoad, useStore } from "../store.ts";

const shownTransactions = 200;

export function MempoolPage(): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(
    () => client.mempool({ limit: shownTransactions }),
    `${status?.head?.id} ${status?.mempool.count}`,
  );
  return html`
    <h1>Mempool</h1>
    <${Answer}
      loaded=${loaded}
      show=${({ count: waiting, bytes, transactions }: NonNullable<typeof loaded.data>) => html`
        <${Section} title=${`${count(waiting, "transaction")} waiting`} aside=${waiting > transactions.length ? `${byteSize(bytes)}, the first ${transactions.length} are shown` : byteSize(bytes)}>
          <${TransactionTable} rows=${transactions} empty="Nothing waits: what is sent is in a block soon." />
        </${Section}>
      `}
    />
  `;
}
