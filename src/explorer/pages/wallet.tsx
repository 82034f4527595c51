import { useEffect, useState } from "preact/hooks";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Section, Tag } from "../parts/layout.tsx";
import { FullName, NamedAddress } from "../parts/names.tsx";
import { useLoad, useStore } from "../store.ts";
import { ContactList } from "../wallet/contact-list.tsx";
import { Field, FieldError, useSubmit } from "../wallet/form.tsx";
import { ImportForm } from "../wallet/import-form.tsx";
import { BackupNote, Keeping } from "../wallet/keeping.tsx";
import { MakeKeyForm } from "../wallet/key-forms.tsx";
import { LinkedKey } from "../wallet/linked-key.tsx";
import { type PaymentRequest, paymentLink } from "../wallet/payment-request.ts";
import { Send } from "../wallet/send-form.tsx";
import { SentList } from "../wallet/sent-list.tsx";
import { fundsOf } from "../wallet/spendable.ts";
import { transfers } from "../wallet/transfers.ts";
import { choose, noteFunds, unlock, type WalletAccount, wallet } from "../wallet/wallet.ts";

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
  /** The transfer whose progress stands where its form was. */
  const [inPlace, setInPlace] = useState<string>();
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
            <NamedAddress address={request.to} />.{" "}
            {account ? "Unlock the key to pay with." : "Import the key to pay with."}
          </span>
        </p>
      ) : null}
      {account ? (
        <Chosen account={account} request={request} onSent={setInPlace} key={account.address} />
      ) : (
        <p class="quiet">
          Keys are made in this browser and stay there: the node only sees signed transfers.
          <OtherName />
        </p>
      )}
      <SentList except={inPlace} />
      {account ? <ContactList /> : null}
      {account ? (
        <details class="card">
          <summary>Another key</summary>
          <AddKey isWithin />
        </details>
      ) : (
        <AddKey />
      )}
    </>
  );
}

/** The two names of this machine, which browsers keep apart. */
const loopbackNames = ["127.0.0.1", "localhost"];

/** Says that keys may be under the other name of this machine. */
function OtherName(): Markup {
  const place = loopbackNames.indexOf(location.hostname);
  if (place < 0) return null;
  const url = new URL(location.href);
  url.hostname = loopbackNames[1 - place]!;
  return (
    <>
      {" "}
      This browser keeps those of <a href={url.href}>{url.host}</a> apart.
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
        <MakeKeyForm />
      </section>
      <section class={card} aria-labelledby="import">
        <h2 id="import">Import a key</h2>
        <ImportForm />
      </section>
    </div>
  );
}

function Chosen({
  account,
  request,
  onSent,
}: {
  account: WalletAccount;
  request: PaymentRequest | undefined;
  onSent(id: string | undefined): void;
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
    <Section title={name} aside={accounts.length > 1 ? <Chooser chosen={address} /> : null}>
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
        <FullName text={address} what="address" />
        {isSaved ? null : <Tag tone="warn">for this tab only</Tag>}
      </p>
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
