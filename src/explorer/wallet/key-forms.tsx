import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { Field, FormEnd, Submit, useSubmit } from "./form.tsx";
import { NewPassphrase, passphraseOf } from "./passphrase.tsx";
import { addKey, choose, keep, type WalletAccount } from "./wallet.ts";

const entropyBytes = 32;

/**
 * A form that makes a key. There is no other copy of it, so it is saved under a passphrase, or kept for this tab if the
 * user presses the button for that. `onDone` gets its address; without it the account is shown.
 */
export function MakeKeyForm({ onDone = choose }: { onDone?(address: string): void }): Markup {
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const passphrase = values["only"] === "tab" ? "" : passphraseOf(values, { isRequired: true });
    const entropy = crypto.getRandomValues(new Uint8Array(entropyBytes));
    const secret = await (await later("backup.js")).secretOfEntropy(entropy);
    onDone(await addKey(secret, { name: values["name"]?.trim() ?? "", passphrase, isNew: true }));
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      <KeyName />
      <NewPassphrase errors={errors} hint="Encrypts the key in this browser" />
      <FormEnd errors={errors}>
        <Submit isBusy={isBusy}>Make the key</Submit>
        <button type="submit" name="only" value="tab" disabled={isBusy}>
          Only for this tab
        </button>
      </FormEnd>
    </form>
  );
}

/** The field for the name of a key. */
export function KeyName({ value }: { value?: string }): Markup {
  return <Field name="name" label="Name" hint="Optional; only you see it" autocomplete="off" value={value} />;
}

/** Saves a key that is for this tab only. */
export function KeepForm({ account }: { account: WalletAccount }): Markup {
  const { errors, isBusy, onSubmit } = useSubmit((values) =>
    keep(account, passphraseOf(values, { isRequired: true })),
  );
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Save this key">
      <NewPassphrase errors={errors} hint="Encrypts the key in this browser" />
      <FormEnd errors={errors}>
        <Submit isBusy={isBusy}>Save it in this browser</Submit>
      </FormEnd>
    </form>
  );
}
