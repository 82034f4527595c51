import type { PlacedTransaction } from "../../client/index.ts";
import { dateTime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Fact, Facts } from "../parts/layout.tsx";
import { Age, BlockLink, FullName, NamedAddress } from "../parts/names.tsx";
import { Memo, StatusTag } from "../parts/transactions.tsx";
import { VerifyTransaction } from "../parts/verify.tsx";
import { useLoad, useStore } from "../store.ts";

export function TransactionPage({ id }: { id: string }): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(() => client.transaction(id), `${id} ${status?.head?.id} ${status?.finalized?.id}`);
  return <Answer loaded={loaded} show={(transaction) => <Shown transaction={transaction} />} />;
}

function Shown({ transaction }: { transaction: PlacedTransaction }): Markup {
  const { id, from, to, amount, fee, nonce, validUntil, signature, status, block, index } = transaction;
  return (
    <>
      <div class="title">
        <h1>Transaction</h1>
        <StatusTag status={status} />
      </div>
      <section class="card" aria-label="Transfer">
        <p class="headline">
          <Amount of={amount} />
        </p>
        <Facts>
          <Fact name="Memo">
            <Memo {...transaction} />
          </Fact>
          <Fact name="From">
            <NamedAddress address={from} />
          </Fact>
          <Fact name="To">
            <NamedAddress address={to} />
          </Fact>
          <Fact name="Time">
            {block ? (
              <>
                {dateTime(block.timestamp)}{" "}
                <span class="quiet">
                  <Age atMs={block.timestamp} />
                </span>
              </>
            ) : (
              "waits in the mempool"
            )}
          </Fact>
          <Fact name="Fee">
            <Amount of={fee} />
          </Fact>
          {block ? (
            <Fact name="Block">
              <BlockLink id={block.id} height={block.height} />, place {whole(index!)}
            </Fact>
          ) : null}
          <Fact name="Id">
            <FullName text={id} what="id" />
          </Fact>
        </Facts>
        <details>
          <summary>Nonce and signature</summary>
          <Facts>
            <Fact name="Nonce">{whole(nonce)}</Fact>
            <Fact name="Last block">
              {validUntil === 0 ? "any" : `block ${whole(validUntil)} at the latest, or never`}
            </Fact>
            <Fact name="Signature">
              <code>{signature}</code>
            </Fact>
          </Facts>
        </details>
      </section>
      {block ? <VerifyTransaction id={id} key={id} /> : null}
    </>
  );
}
