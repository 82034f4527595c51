import { useId, useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import { Problem } from "../parts/layout.tsx";

interface FieldProps {
  name: string;
  label: string;
  hint?: Markup;
  error?: string | undefined;
  type?: "text" | "password";
  /** The field's first value. */
  value?: string | undefined;
  placeholder?: string;
  autocomplete?: string;
  inputmode?: string;
  /** The number of lines of a longer text. */
  rows?: number;
  onInput?(event: InputEvent): void;
}

/** A labelled input with its hint and its error. */
export function Field({ name, label, hint, error, type = "text", value, rows, ...rest }: FieldProps): Markup {
  // Two forms on a page may have fields of the same name.
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  const input = {
    id,
    name,
    spellcheck: false,
    autocapitalize: "off" as const,
    "aria-describedby": described || undefined,
    "aria-invalid": error ? ("true" as const) : undefined,
    // A `value` would overwrite what is typed at each rendering.
    ...(value !== undefined && { defaultValue: value }),
    ...rest,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows !== undefined ? (
        <textarea rows={rows} {...input} />
      ) : type === "password" ? (
        <input type="password" {...input} />
      ) : (
        <input type="text" {...input} />
      )}
      {error ? (
        <p class="problem" id={`${id}-error`} role="alert">
          {error}
        </p>
      ) : null}
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
    </div>
  );
}

/** The error of a wrong value in a field. */
export class FieldError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** Reads or checks a field. @throws {FieldError} with the error of `run` */
export async function attempt<T>(field: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new FieldError(field, (error as Error).message);
  }
}

interface Submission {
  /** The last errors by the field's name; "" for an error that belongs to no field. */
  errors: Readonly<Record<string, string>>;
  isBusy: boolean;
  onSubmit(event: SubmitEvent): void;
}

/**
 * Passes the form's values, and that of the button, to `submit`. An error is shown at its field, which gets the focus;
 * after a success the form is cleared, unless `keeps` is true.
 */
export function useSubmit(
  submit: (values: Readonly<Record<string, string>>) => Promise<void>,
  { keeps = false } = {},
): Submission {
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [isBusy, setBusy] = useState(false);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    try {
      const data = new FormData(form, event.submitter);
      await submit(Object.fromEntries(data) as Record<string, string>);
      setErrors({});
      if (!keeps) form.reset();
    } catch (error) {
      const field = error instanceof FieldError ? error.field : "";
      setErrors({ [field]: (error as Error).message });
      if (field !== "") form.querySelector<HTMLInputElement>(`[name=${field}]`)?.focus();
    } finally {
      setBusy(false);
    }
  };
  return { errors, isBusy, onSubmit };
}

/** The button that submits a form. */
export function Submit({ isBusy, children }: { isBusy: boolean; children: string }): Markup {
  return (
    <button type="submit" class="primary" disabled={isBusy}>
      {children}
    </button>
  );
}

/** The end of a form: the error that belongs to none of its fields, and its buttons. */
export function FormEnd({ errors, children }: Pick<Submission, "errors"> & { children?: Markup }): Markup {
  return (
    <>
      {errors[""] ? <Problem error={new Error(errors[""])} /> : null}
      <div class="actions">{children}</div>
    </>
  );
}
