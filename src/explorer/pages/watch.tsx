import { isAddress } from "../../client/index.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Answer, Section } from "../parts/layout.tsx";
import { Address, NamedAddress } from "../parts/names.tsx";
import { keepIfPossible, kept, Store, useLoad, useStore } from "../store.ts";
import { addContact } from "../wallet/contacts.ts";
import { attempt, Field, FormEnd, Submit, useSubmit } from "../wallet/form.tsx";
import type { PaymentRequest } from "../wallet/payment-request.ts";
import { recipient } from "../wallet/recipient.ts";

const storageKey = "ccoin.watched";
/** The accounts that this browser watches without their keys, in the order in which they were added. */
const watched = new Store<readonly string[]>(stored());

function stored(): string[] {
  const read = kept<unknown>(storageKey, []);
  return Array.isArray(read) ? read.filter((each) => typeof each === "string" && isAddress(each)) : [];
}

function others(address: string): string[] {
  return watched.value.filter((each) => each !== address);
}

/** Without storage the accounts are watched until the tab closes. */
function setWatched(all: readonly string[]): void {
  watched.set(all);
  keepIfPossible(storageKey, JSON.stringify(all));
}

/** The wallet of a page that came over plain HTTP from another machine: it watches accounts, and has no keys. */
export function WatchPage({ request }: { request: PaymentRequest | undefined }): Markup {
  return (
    <>
      <h1>Wallet</h1>
      <div class="note warn">
        <h2>No keys on this connection</h2>
        <p>
          This page came over plain HTTP. Anybody on the way could have changed it, and would have every key
          that is made or used here, and could show other addresses and amounts than the node does. Open it
          over HTTPS, which a node serves that was started with <code>--tls</code>, or on the node's machine
          as <code>http://localhost:{location.port}</code>.
        </p>
        <p>Here you can watch accounts and ask for payments, which takes no key.</p>
      </div>
      {request ? <Asked request={request}>To pay takes a key: open this link over HTTPS.</Asked> : null}
      <Watched />
      <Section title="Watch an account">
        <WatchForm />
      </Section>
    </>
  );
}

/** Says which payment somebody asks for; `children` says what it takes. */
export function Asked({ request, children }: { request: PaymentRequest; children: Markup }): Markup {
  return (
    <p class="note">
      <span>
        You are asked to pay{" "}
        <strong>{request.amount === "" ? "an amount" : <Amount of={request.amount} />}</strong>. {children} It
        is for <NamedAddress address={request.to} />
      </span>
    </p>
  );
}

function Watched(): Markup {
  const addresses = useStore(watched);
  if (addresses.length === 0) return null;
  return (
    <Section title="Watched accounts">
      <ul class="watched">
        {addresses.map((address) => (
          <Account address={address} key={address} />
        ))}
      </ul>
    </Section>
  );
}

function Account({ address }: { address: string }): Markup {
  const { status } = useStore(live);
  const loaded = useLoad(() => client.account(address), `${status?.head?.id} ${status?.mempool.count}`);
  return (
    <li>
      <Address address={address} />
      <Answer
        loaded={loaded}
        show={({ balance }) => (
          <strong>
            <Amount of={balance} />
          </strong>
        )}
      />
      <span class="account-line">
        <a href={`#/receive/${address}`}>Receive</a> <a href={`#/account/${address}`}>History</a>
        <button type="button" class="small" onClick={() => setWatched(others(address))}>
          Stop watching
        </button>
      </span>
    </li>
  );
}

function WatchForm(): Markup {
  const { errors, isBusy, onSubmit } = useSubmit(async ({ watch: typed = "", "watch-name": name = "" }) => {
    const address = await attempt("watch", () => recipient(typed));
    if (name.trim() !== "") await attempt("watch-name", () => addContact({ address, name }));
    setWatched([...others(address), address]);
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      <Field name="watch" label="Address" placeholder="cc1…" autocomplete="off" error={errors["watch"]} />
      <Field
        name="watch-name"
        label="Name"
        hint="Optional; only you see it"
        autocomplete="off"
        error={errors["watch-name"]}
      />
      <FormEnd errors={errors}>
        <Submit isBusy={isBusy}>Watch</Submit>
      </FormEnd>
    </form>
  );
}
