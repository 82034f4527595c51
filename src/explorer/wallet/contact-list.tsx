import { useId } from "preact/hooks";
import type { Markup } from "../markup.ts";
import { Problem, Section } from "../parts/layout.tsx";
import { Address } from "../parts/names.tsx";
import { useStore } from "../store.ts";
import {
  addContact,
  contacts,
  contactsFile,
  filed,
  mergeContacts,
  readContacts,
  removeContact,
} from "./contacts.ts";
import { download } from "./download.ts";
import { attempt, Field, FormEnd, useSubmit } from "./form.tsx";
import { recipient } from "./recipient.ts";

/** The names that the user gives to addresses. */
export function ContactList(): Markup {
  const all = useStore(contacts);
  const note = useStore(filed);
  return (
    <Section title="Contacts">
      {all.length > 0 ? (
        <ul class="contacts">
          {all.map(({ address, name }) => (
            <li key={address}>
              <Address address={address} />
              <a href={`#/wallet?to=${address}`}>Pay</a>
              <button
                type="button"
                class="small"
                onClick={() => removeContact(address)}
                aria-label={`Remove ${name}`}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="empty">Names for addresses, kept in this browser. Others do not see them.</p>
      )}
      <p role="status">
        <bdi>{note}</bdi>
      </p>
      <details>
        <summary>Add, save or load contacts</summary>
        <ContactForm />
        <File isEmpty={all.length === 0} />
      </details>
    </Section>
  );
}

/** A form that names an address: the given one, or one that is typed. */
export function ContactForm({ address }: { address?: string }): Markup {
  const { errors, isBusy, onSubmit } = useSubmit(async ({ contact = "", "contact-name": name = "" }) => {
    const of = address ?? (await attempt("contact", () => recipient(contact)));
    await attempt("contact-name", () => addContact({ address: of, name }));
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="Add a contact">
      {address === undefined ? (
        <Field
          name="contact"
          label="Address"
          placeholder="cc1…"
          autocomplete="off"
          error={errors["contact"]}
        />
      ) : null}
      <Field
        name="contact-name"
        label={address === undefined ? "Name" : "Name for this receiver"}
        hint="Only you see it"
        autocomplete="off"
        error={errors["contact-name"]}
      />
      <FormEnd errors={errors}>
        <button type="submit" disabled={isBusy}>
          Add to contacts
        </button>
      </FormEnd>
    </form>
  );
}

/** Saves the contacts as a file, and reads contacts from a file. */
function File({ isEmpty }: { isEmpty: boolean }): Markup {
  const id = useId();
  const { errors, onSubmit } = useSubmit(async () => {
    const [file] = (document.getElementById(id) as HTMLInputElement).files ?? [];
    if (file) mergeContacts(readContacts(await file.text()));
  });
  return (
    <form class="form" onSubmit={onSubmit} aria-label="File of contacts">
      <div class="field">
        <label for={id}>Add those of a file</label>
        <input
          id={id}
          type="file"
          accept=".json,application/json"
          onChange={({ currentTarget }) => (currentTarget as HTMLInputElement).form?.requestSubmit()}
        />
      </div>
      {errors[""] ? <Problem error={new Error(errors[""])} /> : null}
      {isEmpty ? null : (
        <div class="actions">
          <button type="button" onClick={() => download("contacts", "json", contactsFile())}>
            Save them as a file
          </button>
        </div>
      )}
    </form>
  );
}
