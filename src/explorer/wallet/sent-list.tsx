import { useEffect, useRef } from "preact/hooks";
import { duration, whole } from "../format.ts";
import type { Markup } from "../markup.ts";
import { useName } from "../names.ts";
import { Amount, amountText } from "../parts/amount.tsx";
import { Problem, Section } from "../parts/layout.tsx";
import { Address, TransactionLink } from "../parts/names.tsx";
import { useStore } from "../store.ts";
import { ContactForm } from "./contact-list.tsx";
import { type Sent, transfers } from "./transfers.ts";

/** Transfers sent from this tab, on their way to finality, without the one that is shown elsewhere. */
export function SentList({ except }: { except: string | undefined }): Markup {
  const sent = useStore(transfers);
  const [newest] = sent;
  const others = sent.filter(({ id }) => id !== except);
  // The region is always rendered, because screen readers only announce changes in elements that already exist.
  return (
    <>
      <p class="unseen" role="status">
        {newest ? progressText(newest) : ""}
      </p>
      {others.length > 0 ? (
        <Section title="Sent from this tab">
          <ul class="sent">
            {others.map((each) => (
              <li key={each.id}>
                <Progress sent={each} />
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </>
  );
}

/** The transfer that was just sent, in place of the form. */
export function SentPanel({ sent, onDone }: { sent: Sent; onDone(): void }): Markup {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const isNamed = useName(sent.to) !== undefined;
  return (
    <section class="panel sent" aria-labelledby="sent">
      <h3 id="sent" tabindex={-1} ref={heading}>
        Sent
      </h3>
      <div>
        <Progress sent={sent} />
      </div>
      {isNamed ? null : <ContactForm address={sent.to} />}
      <div class="actions">
        <button type="button" onClick={onDone}>
          Pay somebody else
        </button>
      </div>
    </section>
  );
}

function Progress({ sent }: { sent: Sent }): Markup {
  const { id, to, amount, block, finalAfterMs, error } = sent;
  const steps = [
    { text: "Signed in this browser", isDone: true },
    { text: "On the node's disk", isDone: true },
    {
      text: block ? (
        <>
          In block <a href={`#/block/${block.id}`}>{whole(block.height)}</a>
        </>
      ) : (
        "In a block"
      ),
      isDone: block !== undefined,
    },
    {
      text: finalAfterMs === undefined ? "Final" : `Final after ${duration(finalAfterMs)}`,
      isDone: finalAfterMs !== undefined,
    },
  ];
  return (
    <>
      <p>
        <Amount of={amount} /> to <Address address={to} /> <span class="quiet">·</span>{" "}
        <TransactionLink id={id} />
      </p>
      <ol class="steps">
        {steps.map(({ text, isDone }, index) => (
          <li key={index} class={isDone ? "done" : ""}>
            {text}
            <span class="unseen">{isDone ? ", done" : ", not yet"}</span>
          </li>
        ))}
      </ol>
      {error ? <Problem error={error} /> : null}
    </>
  );
}

function progressText({ amount, block, finalAfterMs, error }: Sent): string {
  if (error) return "";
  if (finalAfterMs !== undefined) return `The transfer of ${amountText(amount)} is final.`;
  return block
    ? `The transfer of ${amountText(amount)} is in block ${block.height}.`
    : `The transfer of ${amountText(amount)} was sent.`;
}
