import { live } from "./live.ts";
import type { Markup } from "./markup.ts";
import { goTo } from "./route.ts";
import { keepIfPossible, Store, useStore } from "./store.ts";

const storageKey = "ccoin.tour";

const steps = [
  {
    page: "",
    text: "Everybody here keeps the same ledger. A tile is a block of payments, the newest first. ✓ says that it is final: more than two thirds of the authorities have signed that it stays.",
  },
  {
    page: "wallet",
    text: "Here you make a key, receive and pay. The key stays in this browser: save it with a passphrase, and write down its 24 words.",
  },
  {
    page: "account",
    text: "An account has a balance and a history. Verify, at the end of the page, checks the balance by the authorities' signatures, so that nobody has to believe this node.",
  },
];

/** The step that is next; none once the tour was left, or if the browser has no storage for this page. */
const place = new Store(firstStep());

function firstStep(): number {
  try {
    return localStorage.getItem(storageKey) === null ? 0 : steps.length;
  } catch {
    return steps.length;
  }
}

/** Three steps for somebody who is here for the first time, each at the top of its page. */
export function Tour({ page }: { page: string }): Markup {
  const at = useStore(place);
  const step = steps[at];
  if (step?.page !== page) return null;
  const next = steps[at + 1];
  const leave = () => {
    keepIfPossible(storageKey, "left");
    place.set(steps.length);
  };
  const goOn = () => {
    place.set(at + 1);
    goTo(next?.page === "account" ? `#/account/${live.value.genesis?.authorities[0]}` : `#/${next?.page}`);
  };
  return (
    <section class="note tour" aria-label="Tour">
      <p>
        <span class="quiet">
          {at + 1} of {steps.length}
        </span>{" "}
        {step.text}
      </p>
      <div class="actions">
        {next ? (
          <button type="button" class="small" onClick={goOn}>
            Next
          </button>
        ) : null}
        <button type="button" class="small" onClick={leave}>
          {next ? "Leave the tour" : "End the tour"}
        </button>
      </div>
    </section>
  );
}
