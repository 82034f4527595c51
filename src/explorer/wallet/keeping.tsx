import { useState } from "preact/hooks";
import { toHex } from "../../client/index.ts";
import type { Secret } from "../backup/words.ts";
import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { FullName } from "../parts/names.tsx";
import { contacts } from "./contacts.ts";
import { download } from "./download.ts";
import { attempt, Field, FormEnd, useSubmit } from "./form.tsx";
import { KeepForm, KeyName } from "./key-forms.tsx";
import { forget, noteBackup, rename, secretOf, type WalletAccount } from "./wallet.ts";
import { WordsPanel } from "./words-panel.tsx";

/** Says what a loss of this browser or tab would cost, and offers to keep the key elsewhere too. */
export function BackupNote({ account }: { account: WalletAccount }): Markup {
  const { address, secret, isSaved, isBackedUp, hasWords } = account;
  const [isOpen, setOpen] = useState(false);
  if (isSaved && isBackedUp) return null;
  if (!isSaved && !secret) return null;
  return (
    <div class="note warn">
      <p>
        {isSaved
          ? "Only this browser has this key. Without a backup its coins are gone when the browser’s data are."
          : isBackedUp
            ? "This tab forgets the key when it closes or is reloaded."
            : "When this tab closes or is reloaded, this key and its coins are gone. Save it here, or write down its words."}
      </p>
      {isSaved ? null : <KeepForm account={account} />}
      {isBackedUp ? null : isOpen && secret?.entropy ? (
        <WordsPanel
          entropy={secret.entropy}
          onChecked={() => noteBackup(address)}
          onClose={() => setOpen(false)}
        />
      ) : secret && hasWords ? (
        <div class="actions">
          <button type="button" class={isSaved ? "primary" : ""} onClick={() => setOpen(true)}>
            Back it up with 24 words
          </button>
        </div>
      ) : (
        <p>Back it up below, with its passphrase.</p>
      )}
    </div>
  );
}

/** Backs up, names, locks or removes the key. */
export function Keeping({ account }: { account: WalletAccount }): Markup {
  const { address, name, isSaved, secret } = account;
  const [shown, setShown] = useState<Shown>();
  const [isSure, setSure] = useState(false);
  const close = () => setShown(undefined);
  return (
    <details>
      <summary>Back up, rename or remove this key</summary>
      {shown?.what === "words" ? (
        <WordsPanel
          entropy={shown.secret.entropy!}
          onChecked={() => {
            noteBackup(address);
            close();
          }}
          onClose={close}
        />
      ) : shown ? (
        <p>
          <FullName text={toHex(shown.secret.seed)} what="seed" />{" "}
          <button type="button" class="small" onClick={close}>
            Hide
          </button>
        </p>
      ) : isSaved ? (
        <SecretForm account={account} onShow={setShown} />
      ) : secret ? (
        <div class="actions">
          <button type="button" onClick={() => setShown({ what: "seed", secret })}>
            Show the seed
          </button>
        </div>
      ) : null}
      <NameForm account={account} key={name} />
      <div class="actions">
        {isSure ? (
          <>
            <button type="button" class="danger" onClick={() => forget(address)}>
              Yes, remove {name} and its coins from here
            </button>
            <button type="button" onClick={() => setSure(false)}>
              No
            </button>
          </>
        ) : (
          <button type="button" class="danger" onClick={() => setSure(true)}>
            Remove from this browser
          </button>
        )}
      </div>
    </details>
  );
}

interface Shown {
  what: "words" | "seed";
  secret: Secret;
}

/** Shows the words or the seed of a saved key, or saves it as a file, once its passphrase was entered. */
function SecretForm({ account, onShow }: { account: WalletAccount; onShow(shown: Shown): void }): Markup {
  const { address, name, hasWords } = account;
  const { errors, isBusy, onSubmit } = useSubmit(async ({ "seed-passphrase": passphrase = "", what }) => {
    const secret = await attempt("seed-passphrase", () => secretOf(address, passphrase));
    if (what !== "file") return onShow({ what: what === "words" ? "words" : "seed", secret });
    const { sealKeyFile } = await later("backup.js");
    const file = await sealKeyFile(secret.seed, passphrase, { name, contacts: contacts.value });
    download(name, "json", file);
    noteBackup(address);
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Back up">
      <Field
        name="seed-passphrase"
        label="Passphrase"
        type="password"
        autocomplete="current-password"
        hint="The file has your contacts too. It opens with this passphrase, here and as a node’s account.json. Whoever has the words or the seed can spend the coins."
        error={errors["seed-passphrase"]}
      />
      <FormEnd errors={errors}>
        {hasWords ? (
          <button type="submit" name="what" value="words" disabled={isBusy}>
            Show the 24 words
          </button>
        ) : null}
        <button type="submit" name="what" value="file" disabled={isBusy}>
          Save a file
        </button>
        <button type="submit" name="what" value="seed" disabled={isBusy}>
          Show the seed
        </button>
      </FormEnd>
    </form>
  );
}

function NameForm({ account: { address, name } }: { account: WalletAccount }): Markup {
  const { errors, onSubmit } = useSubmit(async (values) => {
    const typed = values["name"]?.trim();
    if (typed) rename(address, typed);
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Name">
      <KeyName value={name} />
      <FormEnd errors={errors}>
        <button type="submit">Rename</button>
      </FormEnd>
    </form>
  );
}
