import { useEffect, useState } from "preact/hooks";
import { toHex } from "../../client/index.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Section, Tag } from "../parts/layout.tsx";
import { Address, FullName } from "../parts/names.tsx";
import { useLoad, useStore } from "../store.ts";
import { Field, FieldError, useSubmit } from "../wallet/form.tsx";
import { KeepForm, KeyForm, LinkedKey, SeedForm } from "../wallet/key-forms.tsx";
import { type PaymentRequest, paymentLink } from "../wallet/payment-request.ts";
import { SendForm } from "../wallet/send-form.tsx";
import { SentList } from "../wallet/sent-list.tsx";
import { transfers } from "../wallet/transfers.ts";
import { choose, forget, lockAll, noteFunds, unlock, type WalletAccount, wallet } from "../wallet/wallet.ts";

/**
 * The wallet. `linkedSeed` is a key in the page's address, `#/wallet?key=<64 hex digits>`; `request` a payment that somebody asks for,
 * `#/wallet?to=<address>&amount=&memo=`.
 */
export function WalletPage({
  linkedSeed,
  request,
}: {
  linkedSeed: string | undefined;
  request: PaymentRequest | undefined;
}): Markup {
  const [offered, setOffered] = useState<string>();
  useEffect(() => {
    if (linkedSeed === undefined) return;
    // Removes the key from the address bar and from the history.
    history.replaceState(null, "", "#/wallet");
    dispatchEvent(new HashChangeEvent("hashchange"));
    setOffered(linkedSeed);
  }, [linkedSeed]);
  const { accounts, chosen } = useStore(wallet);
  const account = accounts.find(({ address }) => address === chosen);
  if (!isSecureContext)
    return (
      <>
        <h1>Wallet</h1>
        <Insecure />
      </>
    );
  return (
    <>
      <h1>Wallet</h1>
      {offered ? <LinkedKey seed={offered} onDone={() => setOffered(undefined)} /> : null}
      {request && !account?.key ? (
        <p class="note">
          <span>
            You are asked to pay{" "}
            <strong>{request.amount === "" ? "an amount" : <Amount of={request.amount} />}</strong> to{" "}
            <Address address={request.to} full />.{" "}
            {account ? "Unlock the key to pay with." : "Import the key to pay with."}
          </span>
        </p>
      ) : null}
      {account ? (
        <Chosen account={account} request={request} key={account.address} />
      ) : offered ? null : (
        <p class="quiet">
          Keys are made in this browser and stay there: the node only sees signed transfers.
        </p>
      )}
      <SentList />
      {account ? (
        <details class="card">
          <summary>Another key</summary>
          <AddKey isWithin />
        </details>
      ) : offered ? null : (
        <AddKey />
      )}
    </>
  );
}

function Insecure(): Markup {
  return (
    <div class="note warn">
      <h2>No keys on this connection</h2>
      <p>
        Anybody on the way could change this page and take them. Open it as{" "}
        <code>http://localhost:{location.port}</code> on the node's machine, or through HTTPS.
      </p>
    </div>
  );
}

/** Forms that add a key; `isWithin` is true inside another card. */
function AddKey({ isWithin = false }: { isWithin?: boolean }): Markup {
  const [place, card] = isWithin ? ["beside top", ""] : ["beside cards", "card"];
  return (
    <div class={place}>
      <section class={card} aria-labelledby="make">
        <h2 id="make">Make a key</h2>
        <KeyForm kind="make" />
      </section>
      <section class={card} aria-labelledby="import">
        <h2 id="import">Import a key</h2>
        <KeyForm kind="import" />
      </section>
    </div>
  );
}

function Chosen({
  account,
  request,
}: {
  account: WalletAccount;
  request: PaymentRequest | undefined;
}): Markup {
  const { address, name, key, isSaved } = account;
  const { status } = useStore(live);
  const { accounts } = useStore(wallet);
  const isOnTheWay = useStore(transfers).length;
  const loaded = useLoad(() => client.account(address), `${status?.head?.id} ${isOnTheWay}`);
  const isFunded = loaded.data !== undefined && loaded.data.balance !== "0";
  useEffect(() => {
    if (isFunded) noteFunds(address);
  }, [isFunded, address]);
  return (
    <Section title={name} aside={accounts.length > 1 ? <Chooser chosen={address} /> : null}>
      <Answer
        loaded={loaded}
        show={(data) => (
          <p class="headline">
            <Amount of={data.balance} />
          </p>
        )}
      />
      <p class="account-line">
        <a href={`#/receive/${address}`}>Receive</a> <a href={`#/account/${address}`}>History</a>{" "}
        <FullName text={address} what="address" />
        {isSaved ? null : <Tag tone="warn">for this tab only</Tag>}
      </p>
      {account.onlyCopy ? (
        <div class="note warn">
          <p>
            When this tab closes or is reloaded, this key and its coins are gone. Save it here, or show its
            seed below and write it down.
          </p>
          <KeepForm account={account} />
        </div>
      ) : null}
      {key && loaded.data ? (
        <SendForm
          keyOfAccount={key}
          account={loaded.data}
          request={request}
          key={request && paymentLink(request, "")}
        />
      ) : key ? null : (
        <UnlockForm account={account} />
      )}
      <Keeping account={account} />
    </Section>
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
    await unlock(account.address, passphrase).catch((error: Error) => {
      throw new FieldError("unlock", error.message);
    });
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
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          Unlock
        </button>
      </div>
    </form>
  );
}

/** Shows the seed of the key, or removes the key. */
function Keeping({ account }: { account: WalletAccount }): Markup {
  const { address, name, key, isSaved, onlyCopy } = account;
  const [seed, setSeed] = useState<Uint8Array>();
  const [isSure, setSure] = useState(false);
  return (
    <details>
      <summary>Keep or remove this key</summary>
      {seed ? (
        <p>
          <FullName text={toHex(seed)} what="seed" />{" "}
          <button type="button" class="small" onClick={() => setSeed(undefined)}>
            Hide
          </button>
        </p>
      ) : onlyCopy ? (
        <div class="actions">
          <button type="button" onClick={() => setSeed(onlyCopy)}>
            Show the seed
          </button>
        </div>
      ) : isSaved ? (
        <SeedForm account={account} onShow={setSeed} />
      ) : null}
      <div class="actions">
        {key && isSaved ? (
          <button type="button" onClick={lockAll}>
            Lock
          </button>
        ) : null}
        {isSure ? (
          <>
            <button type="button" class="danger" onClick={() => forget(address)}>
              Yes, remove {name} and its coins from here
            </button>
            <button type="button" onClick={() => setSure(false)}>
              No
            </button>
          </>
        ) : (
          <button type="button" class="danger" onClick={() => setSure(true)}>
            Remove from this browser
          </button>
        )}
      </div>
    </details>
  );
}
