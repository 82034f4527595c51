import { useEffect, useRef, useState } from "preact/hooks";
import { type Account, ApiError, isAddress, type Key } from "../../client/index.ts";
import { readAmount, short } from "../format.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { amountText, isTypedInUnit, typedAmountText } from "../parts/amount.tsx";
import { Problem } from "../parts/layout.tsx";
import { nameOf } from "../parts/names.tsx";
import { useStore } from "../store.ts";
import { Field, FieldError, useSubmit } from "./form.tsx";
import { MakeKeyForm } from "./key-forms.tsx";
import type { PaymentRequest } from "./payment-request.ts";
import { type Order, send } from "./transfers.ts";
import { noteFunds, wallet } from "./wallet.ts";

const maxMemoBytes = 256;
const shownRecipients = 4;

/** A form that sends a transfer from an unlocked account, filled with the payment that somebody asks for. */
export function SendForm({
  keyOfAccount,
  account,
  request,
}: {
  keyOfAccount: Key;
  account: Account;
  request: PaymentRequest | undefined;
}): Markup {
  const { genesis, status } = useStore(live);
  const to = useRef<HTMLDivElement>(null);
  const [isMaking, setMaking] = useState(false);
  const [typed, setTyped] = useState("");
  const minFee = status?.mempool.minFee ?? genesis?.minFee ?? "0";
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const order = parseOrder(values, account, minFee);
    if (!status?.genesisId) throw new Error("The node has no chain yet.");
    // From here on the receiver may hold coins.
    noteFunds(order.to);
    await send(keyOfAccount, status.genesisId, order).catch(asFieldError);
    setTyped("");
  });
  const inUnit = isTypedInUnit() ? undefined : readAmount(typed);
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
            placeholder="cc1…"
            autocomplete="off"
            error={errors["to"]}
            value={request?.to}
          />
          <Recipients from={account.address} onChoose={fill} onNewKey={() => setMaking(true)} />
        </div>
        <div class="row">
          <Field
            name="amount"
            label={isTypedInUnit() ? "Amount" : "Amount in base units"}
            inputmode="numeric"
            autocomplete="off"
            hint={`${inUnit === undefined ? "Of" : `${amountText(inUnit)}, of`} ${typedAmountText(account.balance)}`}
            error={errors["amount"]}
            value={request?.amount}
            onInput={({ currentTarget }) => setTyped((currentTarget as HTMLInputElement).value)}
          />
          <Field
            name="fee"
            label="Fee"
            inputmode="numeric"
            autocomplete="off"
            placeholder={minFee}
            hint={`At least ${typedAmountText(minFee)}`}
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
        {errors[""] ? <Problem error={new Error(errors[""])} /> : null}
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Sign and send
          </button>
        </div>
      </form>
      {isMaking ? <NewKeyDialog onMade={fill} onClose={() => setMaking(false)} /> : null}
    </>
  );
}

/** Makes a key to receive with, which is saved first. */
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
  const { accounts } = useStore(wallet);
  const { genesis } = useStore(live);
  const own = accounts.map(({ address, name }) => ({ address, name }));
  const authorities = (genesis?.authorities ?? []).map((address) => ({
    address,
    name: nameOf(genesis, address) ?? short(address, 9, 5),
  }));
  const known = [
    ...own,
    ...authorities.filter(({ address }) => !own.some((each) => each.address === address)),
  ]
    .filter(({ address }) => address !== from)
    .slice(0, shownRecipients);
  return (
    <p class="recipients">
      {known.map(({ address, name }) => (
        <button type="button" class="small" key={address} title={address} onClick={() => onChoose(address)}>
          {name}
        </button>
      ))}
      <button type="button" class="small" onClick={onNewKey}>
        A new key of mine
      </button>
    </p>
  );
}

/** @throws {FieldError} */
function parseOrder(
  { to = "", amount: amountText = "", fee: feeText = "", memo = "" }: Readonly<Record<string, string>>,
  account: Account,
  minFee: string,
): Order {
  const address = to.trim().toLowerCase();
  if (!isAddress(address))
    throw new FieldError("to", "This is not an address, which is cc1 and 58 more letters and digits.");
  const amount = parseAmount("amount", amountText);
  const fee = feeText.trim() === "" ? BigInt(minFee) : parseAmount("fee", feeText);
  if (fee < BigInt(minFee)) throw new FieldError("fee", `The least fee is ${typedAmountText(minFee)} now.`);
  if (amount + fee > BigInt(account.balance)) {
    throw new FieldError(
      "amount",
      `Amount and fee are more than the balance of ${typedAmountText(account.balance)}.`,
    );
  }
  if (new TextEncoder().encode(memo).length > maxMemoBytes) {
    throw new FieldError("memo", `A memo has at most ${maxMemoBytes} bytes.`);
  }
  return { to: address, amount, fee, memo };
}

function parseAmount(field: string, text: string): bigint {
  const amount = readAmount(text);
  if (amount === undefined && /^[0-9]{20,}$/.test(text.trim()))
    throw new FieldError(field, "This is more than there can ever be.");
  if (amount === undefined) throw new FieldError(field, "Enter a whole number of base units, such as 25.");
  return amount;
}

function asFieldError(error: unknown): never {
  const field = error instanceof ApiError ? fieldOfCode[error.code] : undefined;
  throw field ? new FieldError(field, (error as Error).message) : error;
}

const fieldOfCode: Readonly<Record<string, string>> = {
  INSUFFICIENT_BALANCE: "amount",
  FEE_TOO_LOW: "fee",
  MEMPOOL_FULL: "fee",
  OVERFLOW: "amount",
};
