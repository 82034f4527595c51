import { useState } from "preact/hooks";
import { generateSeed, keyFromSeed } from "../../client/index.ts";
import { client } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Problem, Section } from "../parts/layout.tsx";
import { Address } from "../parts/names.tsx";
import { useLoad } from "../store.ts";
import { Field, FieldError, useSubmit } from "./form.tsx";
import { addKey, choose, parseSeed, seedOf, type WalletAccount } from "./wallet.ts";

const minPassphraseLength = 8;

/** A form that makes a key, or imports one; `seed` is a key that came with the link. */
export function KeyForm({
  kind,
  seed,
  onDone,
}: {
  kind: "make" | "import" | "link";
  seed?: string;
  onDone?(): void;
}): Markup {
  const [isSealed, setSealed] = useState(false);
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const { name = "", passphrase = "", again = "", seed: typed = "" } = values;
    if (passphrase !== "" && passphrase.length < minPassphraseLength) {
      throw new FieldError("passphrase", `At least ${minPassphraseLength} characters, or none.`);
    }
    if (passphrase !== again) throw new FieldError("again", "The passphrases are not the same.");
    const bytes = kind === "make" ? generateSeed() : parsed(seed ?? typed);
    choose(await addKey(bytes, name.trim(), passphrase));
    onDone?.();
  });
  const action = { make: "Make the key", import: "Import the key", link: "Use this key" }[kind];
  return (
    <form class="form" onSubmit={onSubmit}>
      {kind === "import" ? (
        <Field name="seed" label="Seed" hint="64 hex digits" autocomplete="off" error={errors["seed"]} />
      ) : null}
      {kind === "link" ? null : (
        <Field
          name="name"
          label="Name"
          hint="Optional; only you see it"
          autocomplete="off"
          error={errors["name"]}
        />
      )}
      <Field
        name="passphrase"
        label="Passphrase"
        type="password"
        autocomplete="new-password"
        hint="Encrypts the key in this browser. Without one it is forgotten when this tab closes."
        error={errors["passphrase"]}
        onInput={({ currentTarget }: InputEvent) =>
          setSealed((currentTarget as HTMLInputElement).value !== "")
        }
      />
      {isSealed ? (
        <Field
          name="again"
          label="Enter it again"
          type="password"
          autocomplete="new-password"
          hint="Nobody can recover it"
          error={errors["again"]}
        />
      ) : null}
      {errors[""] ? <Problem error={new Error(errors[""])} /> : null}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {action}
        </button>
      </div>
    </form>
  );
}

function parsed(text: string): Uint8Array<ArrayBuffer> {
  try {
    return parseSeed(text);
  } catch (error) {
    throw new FieldError("seed", (error as Error).message);
  }
}

/** Offers a key that came in the page's address, such as that of a fresh development chain. */
export function LinkedKey({ seed, onDone }: { seed: string; onDone(): void }): Markup {
  const account = useLoad(async () => client.account((await keyFromSeed(parseSeed(seed))).address), seed);
  return (
    <Section title="A key came with this link">
      {account.data ? (
        <>
          <p>
            It opens <Address address={account.data.address} />, which holds{" "}
            <strong>
              <Amount of={account.data.balance} />
            </strong>
            . It has not left this browser.
          </p>
          <KeyForm kind="link" seed={seed} onDone={onDone} />
        </>
      ) : account.error ? (
        <Problem error={account.error} />
      ) : (
        <p class="empty">Asking the node about its account…</p>
      )}
    </Section>
  );
}

/** A form that shows the seed of a saved key after its passphrase was entered. */
export function SeedForm({
  account,
  onShow,
}: {
  account: WalletAccount;
  onShow(seed: Uint8Array): void;
}): Markup {
  const { errors, isBusy, onSubmit } = useSubmit(async ({ "seed-passphrase": passphrase = "" }) => {
    try {
      onShow(await seedOf(account.address, passphrase));
    } catch (error) {
      throw new FieldError("seed-passphrase", (error as Error).message);
    }
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      <Field
        name="seed-passphrase"
        label="Passphrase"
        type="password"
        autocomplete="current-password"
        hint="The seed is the key: whoever has it can spend the coins."
        error={errors["seed-passphrase"]}
      />
      <div class="actions">
        <button type="submit" disabled={isBusy}>
          Show the seed
        </button>
      </div>
    </form>
  );
}
