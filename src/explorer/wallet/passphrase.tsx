import { useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import { Field, FieldError } from "./form.tsx";

const minLength = 8;

/** Fields for a passphrase that is entered twice. */
export function NewPassphrase({
  errors,
  hint,
}: {
  errors: Readonly<Record<string, string>>;
  hint: string;
}): Markup {
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
export function passphraseOf(
  { passphrase = "", again = "" }: Readonly<Record<string, string>>,
  { isRequired }: { isRequired: boolean },
): string {
  if (passphrase === "" && !isRequired) return "";
  if (passphrase.length < minLength) {
    const rule = `At least ${minLength} characters`;
    throw new FieldError("passphrase", isRequired ? `${rule}.` : `${rule}, or none.`);
  }
  if (passphrase !== again) throw new FieldError("again", "The passphrases are not the same.");
  return passphrase;
}
