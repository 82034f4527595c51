import { useId, useState } from "preact/hooks";
import type { openKeyFile } from "../backup/key-file.ts";
import type { Secret } from "../backup/words.ts";
import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { contactsOf, mergeContacts } from "./contacts.ts";
import { attempt, Field, FormEnd, useSubmit } from "./form.tsx";
import { KeyName } from "./key-forms.tsx";
import { NewPassphrase, passphraseOf } from "./passphrase.tsx";
import { addKey, choose, parseSeed } from "./wallet.ts";

/** A form that imports a key from a seed, from words, or from a file of this page or of a node. */
export function ImportForm(): Markup {
  const [file, setFile] = useState<File>();
  const { errors, isBusy, onSubmit } = useSubmit(async (values) => {
    const { name = "", seed: typed = "", "file-passphrase": filePassphrase = "" } = values;
    if (file) {
      const { seed, belongings } = await opened(await file.text(), filePassphrase);
      const passphrase = values["only"] === "tab" ? "" : filePassphrase;
      const fileName = file.name.replace(/\.json$/, "");
      const named = belongings?.name ?? (fileName === "account" ? "" : fileName);
      const secret = { seed, entropy: undefined };
      choose(await addKey(secret, { name: name.trim(), otherwise: named, passphrase, isNew: false }));
      if (belongings) mergeContacts(contactsOf(belongings));
      return;
    }
    const passphrase = passphraseOf(values, { isRequired: false });
    const secret = await attempt("seed", () => typedSecret(typed));
    choose(await addKey(secret, { name: name.trim(), passphrase, isNew: false }));
  });
  return (
    <form class="form" onSubmit={onSubmit}>
      {file ? null : (
        <Field
          name="seed"
          label="Seed or words"
          hint="64 hex digits, or the 24 words of a backup"
          rows={2}
          autocomplete="off"
          error={errors["seed"]}
        />
      )}
      <FileField onFile={setFile} />
      <KeyName />
      {file ? (
        <Field
          name="file-passphrase"
          label="Passphrase of the file"
          type="password"
          autocomplete="current-password"
          hint="Encrypts the key in this browser too. That of a node is in the file “passphrase” beside account.json."
          error={errors["file-passphrase"]}
        />
      ) : (
        <NewPassphrase
          errors={errors}
          hint="Encrypts the key in this browser. Without one it is forgotten when this tab closes."
        />
      )}
      <FormEnd errors={errors}>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy && file ? "Opening the file…" : "Import the key"}
        </button>
        {file ? (
          <button type="submit" name="only" value="tab" disabled={isBusy}>
            Only for this tab
          </button>
        ) : null}
      </FormEnd>
    </form>
  );
}

function FileField({ onFile }: { onFile(file: File | undefined): void }): Markup {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Or a file</label>
      <input
        id={id}
        type="file"
        accept=".json,application/json"
        aria-describedby={`${id}-hint`}
        onChange={({ currentTarget }) => onFile((currentTarget as HTMLInputElement).files?.[0])}
      />
      <p class="hint" id={`${id}-hint`}>
        A backup, or a node’s account.json
      </p>
    </div>
  );
}

async function opened(text: string, passphrase: string): ReturnType<typeof openKeyFile> {
  const backup = await later("backup.js");
  return attempt("file-passphrase", () => backup.openKeyFile(text, passphrase));
}

async function typedSecret(typed: string): Promise<Secret> {
  // Words have a letter that is no hex digit.
  if (/[g-z]/i.test(typed.replace(/^\s*0x/i, ""))) return (await later("backup.js")).secretOfWords(typed);
  return { seed: parseSeed(typed), entropy: undefined };
}
