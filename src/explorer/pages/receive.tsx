import { useRef, useState } from "preact/hooks";
import { isAddress } from "../../client/index.ts";
import { later } from "../later.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useName } from "../names.ts";
import { Amount, readUnits, unitSymbol } from "../parts/amount.tsx";
import { Problem, Section } from "../parts/layout.tsx";
import { FullName } from "../parts/names.tsx";
import { useLoad, useStore } from "../store.ts";
import { IncomingPayment } from "../wallet/arrivals.tsx";
import { Field } from "../wallet/form.tsx";
import { type Earlier, newIncoming } from "../wallet/incoming.ts";
import { loopbackNames } from "../wallet/loopback.ts";
import { paymentLink } from "../wallet/payment-request.ts";

/** The page to ask for a payment with: the address, a QR code, a link, and the payments since the page was opened. */
export function ReceivePage({ address }: { address: string }): Markup {
  const [amount, setAmount] = useState("");
  const [memo, setMemo] = useState("");
  const name = useName(address);
  if (!isAddress(address))
    return (
      <>
        <h1>Receive</h1>
        <p>
          This is not an address. <a href="#/wallet">Go to the wallet</a>
        </p>
      </>
    );
  const { units, problem } = read(amount);
  const isLoopback = loopbackNames.includes(location.hostname);
  const link = paymentLink({ to: address, amount: units?.toString() ?? "", memo }, location.href);
  const onInput = (set: (text: string) => void) => (event: InputEvent) =>
    set((event.currentTarget as HTMLInputElement).value);
  return (
    <>
      <h1>Receive</h1>
      <Received address={address} />
      <div class="beside cards">
        <section class="card receive" aria-label="Address">
          <QrCode text={link} label="The link below as a QR code" />
          <p>
            {name === undefined ? null : (
              <>
                <strong>
                  <bdi>{name}</bdi>
                </strong>{" "}
              </>
            )}
            <FullName text={address} what="address" />
          </p>
        </section>
        <Section title="Ask for an amount">
          <form class="form" onSubmit={(event) => event.preventDefault()}>
            <Field
              name="amount"
              label="Amount"
              inputmode="decimal"
              autocomplete="off"
              hint={units === undefined ? `Optional${unitSymbol()}` : <Amount of={units} />}
              error={problem}
              onInput={onInput(setAmount)}
            />
            <Field
              name="memo"
              label="Memo"
              autocomplete="off"
              hint="Optional; anybody can read it in the chain"
              onInput={onInput(setMemo)}
            />
          </form>
          <p>Whoever opens this link finds the form filled:</p>
          {isLoopback ? (
            <p class="quiet">
              Only this machine can open it. For a phone, open this page by the address that the node has on
              the network.
            </p>
          ) : null}
          <p>
            <FullName text={link} what="link" />
          </p>
        </Section>
      </div>
    </>
  );
}

function read(amount: string): { units?: bigint; problem?: string } {
  try {
    return amount.trim() === "" ? {} : { units: readUnits(amount) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** The payments since the page was opened, including those that wait. */
function Received({ address }: { address: string }): Markup {
  const { status } = useStore(live);
  const earlier = useRef<Earlier>(new Map());
  const news = useLoad(
    () => newIncoming([address], earlier.current),
    `${status?.head?.id} ${status?.mempool.count} ${status?.finalized?.id}`,
  ).data;
  return (
    <div role="status">
      {news && news.length > 0 ? (
        <Section title="Received">
          <ul class="received">
            {news.map((payment) => (
              <li key={payment.id}>
                <IncomingPayment payment={payment} />
              </li>
            ))}
          </ul>
        </Section>
      ) : (
        <p class="quiet">Waiting for a payment…</p>
      )}
    </div>
  );
}

/** The text as a QR code. It is dark on light in every theme, since some cameras read nothing else. */
function QrCode({ text, label }: { text: string; label: string }): Markup {
  const { data: qrRows, error } = useLoad(() => later("qr.js"), "");
  if (!qrRows) return error ? <Problem error={error} /> : <div class="qr" />;
  const rows = qrRows(text);
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path d={dark.join("")} />
    </svg>
  );
}
