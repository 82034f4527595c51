import { useEffect, useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import { useStore } from "../store.ts";
import { AccountCard } from "../wallet/account-card.tsx";
import { BatchProgress } from "../wallet/batch-progress.tsx";
import { ContactList } from "../wallet/contact-list.tsx";
import { ImportForm } from "../wallet/import-form.tsx";
import { MakeKeyForm } from "../wallet/key-forms.tsx";
import { LinkedKey } from "../wallet/linked-key.tsx";
import { loopbackNames } from "../wallet/loopback.ts";
import type { PaymentRequest } from "../wallet/payment-request.ts";
import { SentList } from "../wallet/sent-list.tsx";
import { wallet } from "../wallet/wallet.ts";
import { Asked, WatchPage } from "./watch.tsx";

/**
 * The wallet. `linkedSeed` is a key in the page's address, `#/wallet?key=<64 hex digits>`; `request` a payment that
 * somebody asks for, `#/wallet?to=<address>&amount=&memo=`.
 */
export function WalletPage({
  linkedSeed,
  request,
}: {
  linkedSeed: string | undefined;
  request: PaymentRequest | undefined;
}): Markup {
  const [offered, setOffered] = useState<string>();
  /** The transfer whose progress is shown in place of the form. */
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
  if (!isSecureContext) return <WatchPage request={request} />;
  return (
    <>
      <h1>Wallet</h1>
      {offered ? <LinkedKey seed={offered} onDone={() => setOffered(undefined)} /> : null}
      {request && !account?.key ? (
        <Asked request={request}>
          {account ? "Unlock the key to pay with." : "Import the key to pay with, or make one."}
        </Asked>
      ) : null}
      {account ? (
        <AccountCard account={account} request={request} onSent={setInPlace} key={account.address}>
          <SentList except={inPlace} />
          <ContactList />
        </AccountCard>
      ) : (
        <p class="quiet">
          Keys are made in this browser and stay there: the node only sees signed transfers.
          <OtherName />
        </p>
      )}
      <BatchProgress payer={account?.key} />
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
