import type { Account } from "../../client/index.ts";
import { count } from "../format.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useName } from "../names.ts";
import { Amount } from "../parts/amount.tsx";
import { Identicon } from "../parts/identicon.tsx";
import { Answer, Fact, Facts, Section, Tag } from "../parts/layout.tsx";
import { FullName, Swatch } from "../parts/names.tsx";
import { HistoryTable } from "../parts/transactions.tsx";
import { VerifyAccount } from "../parts/verify.tsx";
import { useLoad, useStore } from "../store.ts";

const pageSize = 25;

/** An account with its history; `before` is the cursor of an older page of the history. */
export function AccountPage({ address, before }: { address: string; before: string | undefined }): Markup {
  const { status } = useStore(live);
  const at = `${address} ${status?.head?.id}`;
  const account = useLoad(() => client.account(address), `${at} ${status?.mempool.count}`);
  const history = useLoad(
    () => client.history(address, { limit: pageSize, ...(before !== undefined && { before }) }),
    `${at} ${before} ${status?.finalized?.id}`,
  );
  return (
    <>
      <Answer loaded={account} show={(data) => <Shown account={data} />} />
      {account.data === undefined ? null : (
        <>
          <Section title="History">
            <Answer
              loaded={history}
              show={({ transactions, next }) => (
                <>
                  <HistoryTable
                    rows={transactions}
                    account={address}
                    empty="No block holds a transaction of this account."
                  />
                  <nav class="pager" aria-label="More of this list">
                    {before === undefined ? null : <a href={`#/account/${address}`}>Newest</a>}
                    {next === null ? null : <a href={`#/account/${address}?before=${next}`}>Older</a>}
                  </nav>
                </>
              )}
            />
          </Section>
          <VerifyAccount address={address} key={address} />
        </>
      )}
    </>
  );
}

function Shown({ account }: { account: Account }): Markup {
  const { address, balance, nonce, pendingNonce } = account;
  const name = useName(address);
  const { status } = useStore(live);
  const set = useLoad(() => client.authorities(), status?.finalized?.id);
  const isAuthority = set.data?.authorities.some((authority) => authority.address === address);
  const waiting = pendingNonce - nonce;
  return (
    <>
      <div class="title">
        <Identicon address={address} />
        <h1>{name === undefined ? "Account" : <bdi>{name}</bdi>}</h1>
        {status?.address === address ? <Tag>this node</Tag> : null}
        {isAuthority ? (
          <Tag>
            <Swatch address={address} /> authority
          </Tag>
        ) : null}
      </div>
      <section class="card" aria-label="Account">
        <p class="headline">
          <Amount of={balance} />
        </p>
        <Facts>
          <Fact name="Address">
            <FullName text={address} what="address" />
          </Fact>
          <Fact name="Sent">
            {count(nonce, "transaction")}
            {waiting > 0 ? (
              <>
                {" "}
                <Tag tone="warn">{waiting} waiting</Tag>
              </>
            ) : null}
          </Fact>
        </Facts>
      </section>
    </>
  );
}
