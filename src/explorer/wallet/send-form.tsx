import { useEffect, useRef, useState } from "preact/hooks";
import type { Hex, Key } from "../../client/index.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { namedAddresses } from "../names.ts";
import { amountText, inUnit, readUnits } from "../parts/amount.tsx";
import { Identicon } from "../parts/identicon.tsx";
import { useStore } from "../store.ts";
import { contacts } from "./contacts.ts";
import { attempt, Field, FieldError, FormEnd, useSubmit } from "./form.tsx";
import { MakeKeyForm } from "./key-forms.tsx";
import { maxMemoBytes } from "./payment-list.ts";
import type { PaymentRequest } from "./payment-request.ts";
import { recipient } from "./recipient.ts";
import { Review } from "./review.tsx";
import { SentPanel } from "./sent-list.tsx";
import type { Funds } from "./spendable.ts";
import { type Order, transfers } from "./transfers.ts";
import { wallet } from "./wallet.ts";

const shownRecipients = 6;

/** Sends a transfer from an unlocked account: a form, which `request` fills in, then a review, then the progress. */
export function Send({
  payer,
  account,
  request,
  onSent,
}: {
  payer: Key;
  account: Funds;
  request: PaymentRequest | undefined;
  /** Called with the id of the transfer whose progress is shown here. */
  onSent(id: Hex | undefined): void;
}): Markup {
  const [order, setOrder] = useState<Order>();
  const [id, setId] = useState<Hex>();
  const [isAnswered, setAnswered] = useState(false);
  const sent = useStore(transfers).find((each) => each.id === id);
  const show = (shown: Hex | undefined) => {
    setId(shown);
    setOrder(undefined);
    // The form is not filled with the request again.
    setAnswered(true);
    onSent(shown);
  };
  useEffect(() => () => onSent(undefined), []);
  if (sent) return <SentPanel sent={sent} onDone={() => show(undefined)} />;
  return (
    <>
      <div hidden={order !== undefined}>
        <SendForm
          account={account}
          request={isAnswered ? undefined : request}
          isShown={order === undefined}
          onOrder={setOrder}
        />
      </div>
      {order ? (
        <Review {...{ order, payer, account }} onSent={show} onBack={() => setOrder(undefined)} />
      ) : null}
    </>
  );
}

function SendForm({
  account,
  request,
  isShown,
  onOrder,
}: {
  account: Funds;
  request: PaymentRequest | undefined;
  isShown: boolean;
  onOrder(order: Order): void;
}): Markup {
  const { genesis, status } = useStore(live);
  const to = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [isMaking, setMaking] = useState(false);
  const minFee = status?.mempool.minFee ?? genesis?.minFee ?? "0";
  const { errors, isBusy, onSubmit } = useSubmit(
    async (values) => onOrder(await parseOrder(values, account, minFee)),
    {
      keeps: true,
    },
  );
  const wasHidden = useRef(false);
  useEffect(() => {
    // The user comes back from the review.
    if (isShown && wasHidden.current) button.current?.focus();
    wasHidden.current = !isShown;
  }, [isShown]);
  const fill = (address: string) => {
    const input = to.current?.querySelector("input");
    if (!input) return;
    input.value = address;
    input.focus();
  };
  return (
    <>
      <form class="form" onSubmit={onSubmit} aria-label="Send">
        <div ref={to}>
          <Field
            name="to"
            label="To"
            placeholder="cc1… or the name of a contact"
            autocomplete="off"
            error={errors["to"]}
            value={request?.to}
          />
          <Recipients from={account.address} onChoose={fill} onNewKey={() => setMaking(true)} />
        </div>
        <div class="row">
          <Field
            name="amount"
            label="Amount"
            inputmode="decimal"
            autocomplete="off"
            hint={`Of ${amountText(account.spendable)}`}
            error={errors["amount"]}
            value={request && (request.amount === "" ? "" : inUnit(request.amount))}
          />
          <Field
            name="fee"
            label="Fee"
            inputmode="decimal"
            autocomplete="off"
            placeholder={inUnit(minFee)}
            hint={`At least ${amountText(minFee)}`}
            error={errors["fee"]}
          />
        </div>
        <Field
          name="memo"
          label="Memo"
          autocomplete="off"
          hint="Anybody can read it"
          error={errors["memo"]}
          value={request?.memo}
        />
        <FormEnd errors={errors}>
          <button type="submit" class="primary" disabled={isBusy} ref={button}>
            Review
          </button>
        </FormEnd>
      </form>
      {isMaking ? <NewKeyDialog onMade={fill} onClose={() => setMaking(false)} /> : null}
    </>
  );
}

/** Makes a key to receive with, and saves it before it can be paid. */
function NewKeyDialog({ onMade, onClose }: { onMade(address: string): void; onClose(): void }): Markup {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const done = (address: string) => {
    dialog.current?.close();
    onMade(address);
  };
  return (
    <dialog ref={dialog} aria-labelledby="new-key" onClose={onClose}>
      <h2 id="new-key">A new key of mine</h2>
      <MakeKeyForm onDone={done} />
      <form method="dialog">
        <button type="submit" class="small">
          Cancel
        </button>
      </form>
    </dialog>
  );
}

/** Offers receivers to a user who has no address at hand. */
function Recipients({
  from,
  onChoose,
  onNewKey,
}: {
  from: string;
  onChoose(address: string): void;
  onNewKey(): void;
}): Markup {
  useStore(wallet);
  useStore(contacts);
  useStore(live);
  const known = namedAddresses()
    .filter(({ address }) => address !== from)
    .slice(0, shownRecipients);
  return (
    <p class="recipients">
      {known.map(({ address, name }) => (
        <button type="button" class="small" key={address} title={address} onClick={() => onChoose(address)}>
          <Identicon address={address} /> <bdi>{name}</bdi>
        </button>
      ))}
      <button type="button" class="small" onClick={onNewKey}>
        A new key of mine
      </button>
    </p>
  );
}

/** @throws {FieldError} */
async function parseOrder(
  { to = "", amount: typed = "", fee: feeText = "", memo = "" }: Readonly<Record<string, string>>,
  { spendable, waiting }: Funds,
  minFee: string,
): Promise<Order> {
  const address = await attempt("to", () => recipient(to));
  const amount = await attempt("amount", () => readUnits(typed));
  const fee = feeText.trim() === "" ? BigInt(minFee) : await attempt("fee", () => readUnits(feeText));
  if (fee < BigInt(minFee)) throw new FieldError("fee", `The least fee is ${amountText(minFee)} now.`);
  if (amount + fee > spendable) {
    const kept = waiting > 0n ? ` ${amountText(waiting)} more is for payments that wait.` : "";
    const message = `Amount and fee are more than the ${amountText(spendable)} that can be spent.${kept}`;
    throw new FieldError("amount", message);
  }
  if (new TextEncoder().encode(memo).length > maxMemoBytes) {
    throw new FieldError("memo", `A memo has at most ${maxMemoBytes} bytes.`);
  }
  return { to: address, amount, fee, memo };
}
