import type { Account } from "../../client/index.ts";
import { count, whole } from "../format.ts";
import { HistorySection } from "../history/history.tsx";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useName } from "../names.ts";
import { Amount } from "../parts/amount.tsx";
import { Identicon } from "../parts/identicon.tsx";
import { Answer, Fact, Facts, Tag } from "../parts/layout.tsx";
import { FullName, Swatch } from "../parts/names.tsx";
import { VerifyAccount } from "../parts/verify.tsx";
import { useLoad, useStore } from "../store.ts";

/** An account with its history; `query` has the filter and the place of the history. */
export function AccountPage({ address, query }: { address: string; query: URLSearchParams }): Markup {
  const { status } = useStore(live);
  const account = useLoad(
    () => client.account(address),
    `${address} ${status?.head?.id} ${status?.mempool.count}`,
  );
  const { data } = account;
  const isOther = data?.address !== address;
  return (
    <>
      <Answer loaded={account} show={(shown) => <Shown account={shown} />} />
      {data === undefined || isOther ? null : (
        <>
          <HistorySection
            address={address}
            query={query}
            version={`${data.balance} ${data.nonce}`}
            key={address}
          />
          <OnPaper address={address} />
          <VerifyAccount address={address} key={address} />
        </>
      )}
    </>
  );
}

/** The facts that a reader of the printed page needs to check it. */
function OnPaper({ address }: { address: string }): Markup {
  const { status } = useStore(live);
  if (!status?.finalized || !status.genesisId) return null;
  const { height, id } = status.finalized;
  return (
    <div class="on-paper">
      <p>
        Printed when block {whole(height)}, {id}, was final on the chain {status.genesisId}.
      </p>
      <p>
        The proof of the balance: {client.url}/v1/accounts/{address}/proof. A page that checks it:{" "}
        {client.url}
        /#/account/{address}
      </p>
    </div>
  );
}

function Shown({ account }: { account: Account }): Markup {
  const { address, balance, nonce, pendingNonce } = account;
  const name = useName(address);
  const { status, polls } = useStore(live);
  const set = useLoad(() => client.authorities(), Math.floor(polls / 2));
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
                <Tag tone="warn">{whole(waiting)} waiting</Tag>
              </>
            ) : null}
          </Fact>
        </Facts>
      </section>
    </>
  );
}
