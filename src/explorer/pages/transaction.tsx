import type { PlacedTransaction } from "../../client/index.ts";
import { dateTime, whole } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Fact, Facts } from "../parts/layout.tsx";
import { Address, Age, BlockLink, FullName, NamedAddress } from "../parts/names.tsx";
import { StatusTag } from "../parts/transactions.tsx";
import { VerifyTransaction } from "../parts/verify.tsx";
import { useLoad, useStore } from "../store.ts";

export function TransactionPage({ id }: { id: string }): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(() => client.transaction(id), `${id} ${status?.head?.id} ${status?.finalized?.id}`);
  return <Answer loaded={loaded} show={(transaction) => <Shown transaction={transaction} />} />;
}

function Shown({ transaction }: { transaction: PlacedTransaction }): Markup {
  const { id, from, to, amount, fee, nonce, validUntil, memo, memoHex, signature, status, block, index } =
    transaction;
  return (
    <>
      <div class="title">
        <h1>Transaction</h1>
        <StatusTag status={status} />
      </div>
      <section class="card" aria-label="Transfer">
        <p class="headline">
          <Amount of={amount} /> <span class="quiet">from</span> <Address address={from} />{" "}
          <span class="quiet">to</span> <Address address={to} />
        </p>
        <Facts>
          <Fact name="Id">
            <FullName text={id} what="id" />
          </Fact>
          <Fact name="Block">
            {block ? (
              <>
                <BlockLink id={block.id} height={block.height} />, place {index}{" "}
                <span class="quiet">
                  {dateTime(block.timestamp)}, <Age atMs={block.timestamp} />
                </span>
              </>
            ) : (
              "waits in the mempool"
            )}
          </Fact>
          <Fact name="From">
            <NamedAddress address={from} />
          </Fact>
          <Fact name="To">
            <NamedAddress address={to} />
          </Fact>
          <Fact name="Fee">
            <Amount of={fee} />
          </Fact>
          <Fact name="Last block">
            {validUntil === 0 ? "any" : `block ${whole(validUntil)} at the latest, or never`}
          </Fact>
          <Fact name="Nonce">{nonce}</Fact>
          <Fact name="Memo">
            {memo || (memoHex ? <code>{memoHex}</code> : <span class="quiet">none</span>)}
          </Fact>
          <Fact name="Signature">
            <code>{signature}</code>
          </Fact>
        </Facts>
      </section>
      {block ? <VerifyTransaction id={id} key={id} /> : null}
    </>
  );
}
