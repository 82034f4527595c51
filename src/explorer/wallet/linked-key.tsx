import { keyFromSeed } from "../../client/index.ts";
import { client } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Problem, Section } from "../parts/layout.tsx";
import { Address } from "../parts/names.tsx";
import { useLoad } from "../store.ts";
import { FormEnd, Submit, useSubmit } from "./form.tsx";
import { NewPassphrase, passphraseOf } from "./passphrase.tsx";
import { addKey, choose, parseSeed } from "./wallet.ts";

/** Offers a key that came in the page's address, such as that of a fresh development chain. */
export function LinkedKey({ seed, onDone }: { seed: string; onDone(): void }): Markup {
  const account = useLoad(async () => client.account((await keyFromSeed(parseSeed(seed))).address), seed);
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const passphrase = passphraseOf(values, { isRequired: false });
    choose(
      await addKey({ seed: parseSeed(seed), entropy: undefined }, { name: "", passphrase, isNew: false }),
    );
    onDone();
  });
  const leave = (
    <button type="button" onClick={onDone}>
      Leave it
    </button>
  );
  if (!account.data)
    return (
      <Section title="A key came with this link">
        {account.error ? (
          <Problem error={account.error} />
        ) : (
          <p class="empty">Asking the node about its account…</p>
        )}
        <div class="actions">{leave}</div>
      </Section>
    );
  return (
    <Section title="A key came with this link">
      <p>
        It opens <Address address={account.data.address} />, which holds{" "}
        <strong>
          <Amount of={account.data.balance} />
        </strong>
        . It has not left this browser.
      </p>
      <form class="form" onSubmit={onSubmit}>
        <NewPassphrase
          errors={errors}
          hint="Optional: encrypts the key in this browser. Without one it is forgotten when this tab closes."
        />
        <FormEnd errors={errors}>
          <Submit isBusy={isBusy}>Use this key</Submit>
          {leave}
        </FormEnd>
      </form>
    </Section>
  );
}
