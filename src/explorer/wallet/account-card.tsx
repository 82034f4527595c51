import { useEffect } from "preact/hooks";
import type { Key } from "../../client/index.ts";
import { withFinality } from "../history/load.ts";
import { HistoryTable } from "../history/table.tsx";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Section, Tag } from "../parts/layout.tsx";
import { FullName } from "../parts/names.tsx";
import { useLoad, useSelected, useStore } from "../store.ts";
import { batch } from "./batch.ts";
import { BatchForm } from "./batch-form.tsx";
import { attempt, Field, FormEnd, Submit, useSubmit } from "./form.tsx";
import { GetCoins } from "./get-coins.tsx";
import { BackupNote, Keeping } from "./keeping.tsx";
import { type PaymentRequest, paymentLink } from "./payment-request.ts";
import { Send } from "./send-form.tsx";
import { type Funds, fundsOf } from "./spendable.ts";
import { transfers } from "./transfers.ts";
import { choose, lockAll, noteFunds, unlock, type WalletAccount, wallet } from "./wallet.ts";

const shownTransactions = 8;

/** An account of the wallet: what it holds, the payment form, and what is done with its key. */
export function AccountCard({
  account,
  request,
  onSent,
  children,
}: {
  account: WalletAccount;
  request: PaymentRequest | undefined;
  onSent(id: string | undefined): void;
  /** The contents below the newest transactions, beside the account on a wide screen. */
  children: Markup;
}): Markup {
  const { address, name, key, isSaved } = account;
  const { status } = useStore(live);
  const { accounts } = useStore(wallet);
  const isOnTheWay = useStore(transfers).length;
  const at = `${status?.head?.id} ${status?.mempool.count} ${isOnTheWay}`;
  const loaded = useLoad(() => fundsOf(address), at);
  const isFunded = loaded.data !== undefined && loaded.data.balance !== "0";
  useEffect(() => {
    if (isFunded) noteFunds(address);
  }, [isFunded, address]);
  return (
    <div class="columns">
      <Section
        title={name}
        aside={
          <span class="actions">
            {accounts.length > 1 ? <Chooser chosen={address} /> : null}
            {key && isSaved ? (
              <button type="button" class="small" onClick={lockAll}>
                Lock
              </button>
            ) : null}
          </span>
        }
      >
        <Answer
          loaded={loaded}
          show={(data) => (
            <>
              <p class="headline">
                <Amount of={data.balance} />
              </p>
              {data.waiting > 0n ? (
                <p class="quiet">
                  <Amount of={data.waiting} /> of it is for payments that wait: <Amount of={data.spendable} />{" "}
                  can be spent.
                </p>
              ) : null}
            </>
          )}
        />
        <p class="account-line">
          <a href={`#/receive/${address}`}>Receive</a> <a href={`#/account/${address}`}>History</a>{" "}
          {isSaved ? null : <Tag tone="warn">for this tab only</Tag>}
          <FullName text={address} what="address" />
        </p>
        {loaded.data?.balance === "0" && loaded.data.pendingNonce === 0 ? (
          <GetCoins address={address} />
        ) : null}
        <BackupNote account={account} />
        {key && loaded.data ? (
          <Send
            payer={key}
            account={loaded.data}
            request={request}
            onSent={onSent}
            key={request && paymentLink(request, "")}
          />
        ) : key ? null : (
          <UnlockForm account={account} />
        )}
        {key && loaded.data ? <Batch payer={key} account={loaded.data} /> : null}
        <Keeping account={account} />
      </Section>
      <div class="column">
        <Activity address={address} version={loaded.data && `${loaded.data.balance} ${loaded.data.nonce}`} />
        {children}
      </div>
    </div>
  );
}

/** The newest transactions of an account. `version` changes whenever the account does. */
function Activity({ address, version }: { address: string; version: string | undefined }): Markup {
  const finalHeight = useSelected(live, ({ status }) => status?.finalized?.height ?? 0);
  const newest = useLoad(() => client.history(address, { limit: shownTransactions }), version);
  return (
    <Section title="Activity" aside={<a href={`#/account/${address}`}>All, with filters</a>}>
      <Answer
        loaded={newest}
        show={({ transactions }) => (
          <HistoryTable
            rows={withFinality(transactions, finalHeight)}
            empty="Nothing was paid or received yet."
          />
        )}
      />
    </Section>
  );
}

/** The form for many payments, unless some are under way. */
function Batch({ payer, account }: { payer: Key; account: Funds }): Markup {
  const { status } = useStore(live);
  const current = useStore(batch);
  if (current !== undefined && current.genesisId === status?.genesisId) return null;
  return (
    <details>
      <summary>Many payments from a list</summary>
      <BatchForm payer={payer} account={account} />
    </details>
  );
}

function Chooser({ chosen }: { chosen: string }): Markup {
  const { accounts } = useStore(wallet);
  return (
    <label class="chooser">
      Account
      <select
        value={chosen}
        onChange={(event: Event) => choose((event.currentTarget as HTMLSelectElement).value)}
      >
        {accounts.map(({ address, name }) => (
          <option value={address} key={address}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function UnlockForm({ account }: { account: WalletAccount }): Markup {
  const { errors, isBusy, onSubmit } = useSubmit(async ({ unlock: passphrase = "" }) => {
    await attempt("unlock", () => unlock(account.address, passphrase));
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      <Field
        name="unlock"
        label="Passphrase"
        type="password"
        autocomplete="current-password"
        error={errors["unlock"]}
      />
      <FormEnd errors={errors}>
        <Submit isBusy={isBusy}>Unlock</Submit>
      </FormEnd>
    </form>
  );
}
