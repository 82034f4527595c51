import { useState } from "preact/hooks";
import { generateSeed, keyFromSeed } from "../../client/index.ts";
import { client } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Amount } from "../parts/amount.tsx";
import { Problem, Section } from "../parts/layout.tsx";
import { Address } from "../parts/names.tsx";
import { useLoad } from "../store.ts";
import { Field, FieldError, useSubmit } from "./form.tsx";
import { addKey, choose, keep, parseSeed, seedOf, type WalletAccount } from "./wallet.ts";

const minPassphraseLength = 8;

/**
 * A form that makes a key, or imports one; `seed` is a key that came with the link. A key that is made has no other copy, so that it is
 * saved, or kept for this tab only by a choice of its own. `onDone` gets its address; without it the account is shown.
 */
export function KeyForm({
  kind,
  seed,
  onDone = choose,
}: {
  kind: "make" | "import" | "link";
  seed?: string;
  onDone?(address: string): void;
}): Markup {
  const isNew = kind === "make";
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const { name = "", seed: typed = "", only } = values;
    const passphrase = only === "tab" ? "" : passphraseOf(values, { isRequired: isNew });
    const bytes = isNew ? generateSeed() : parsed(seed ?? typed);
    onDone(await addKey(bytes, { name: name.trim(), passphrase, isNew }));
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
      <NewPassphrase
        errors={errors}
        hint={
          isNew
            ? "Encrypts the key in this browser"
            : "Encrypts the key in this browser. Without one it is forgotten when this tab closes."
        }
      />
      {errors[""] ? <Problem error={new Error(errors[""])} /> : null}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {action}
        </button>
        {isNew ? (
          <button type="submit" name="only" value="tab" disabled={isBusy}>
            Only for this tab
          </button>
        ) : null}
      </div>
    </form>
  );
}

/** Fields for a passphrase that is entered twice. */
function NewPassphrase({ errors, hint }: { errors: Readonly<Record<string, string>>; hint: string }): Markup {
  const [isTyped, setTyped] = useState(false);
  return (
    <>
      <Field
        name="passphrase"
        label="Passphrase"
        type="password"
        autocomplete="new-password"
        hint={hint}
        error={errors["passphrase"]}
        onInput={({ currentTarget }: InputEvent) =>
          setTyped((currentTarget as HTMLInputElement).value !== "")
        }
      />
      {isTyped ? (
        <Field
          name="again"
          label="Enter it again"
          type="password"
          autocomplete="new-password"
          hint="Nobody can recover it"
          error={errors["again"]}
        />
      ) : null}
    </>
  );
}

/** The passphrase of `NewPassphrase`; "" for none. @throws {FieldError} */
function passphraseOf(
  { passphrase = "", again = "" }: Readonly<Record<string, string>>,
  { isRequired }: { isRequired: boolean },
): string {
  if (passphrase === "" && !isRequired) return "";
  if (passphrase.length < minPassphraseLength) {
    const rule = `At least ${minPassphraseLength} characters`;
    throw new FieldError("passphrase", isRequired ? `${rule}.` : `${rule}, or none.`);
  }
  if (passphrase !== again) throw new FieldError("again", "The passphrases are not the same.");
  return passphrase;
}

/** Saves a key that is for this tab only. */
export function KeepForm({ account }: { account: WalletAccount }): Markup {
  const { errors, isBusy, onSubmit } = useSubmit((values) =>
    keep(account, passphraseOf(values, { isRequired: true })),
  );
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Save this key">
      <NewPassphrase errors={errors} hint="Encrypts the key in this browser" />
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          Save it in this browser
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
  const use = (address: string) => {
    choose(address);
    onDone();
  };
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
          <KeyForm kind="link" seed={seed} onDone={use} />
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
