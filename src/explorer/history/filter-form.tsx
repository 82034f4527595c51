import { useId, useState } from "preact/hooks";
import type { Markup } from "../markup.ts";
import { namedAddresses, shownAddress } from "../names.ts";
import { inUnit, readUnits, unitSymbol } from "../parts/amount.tsx";
import { goTo } from "../route.ts";
import { recipient } from "../wallet/recipient.ts";
import { type FilterTexts, historyHash } from "./query.ts";

/** The form that filters an account's history. The filter is kept in the page's address. */
export function FilterForm({ address, filter }: { address: string; filter: FilterTexts }): Markup {
  const [problem, setProblem] = useState("");
  const list = useId();
  const chosen = Object.keys(filter).length;
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    try {
      goTo(historyHash(address, readForm(new FormData(event.currentTarget as HTMLFormElement))));
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <details class="filter" open={chosen > 0}>
      <summary>Filter</summary>
      <form onSubmit={onSubmit} key={JSON.stringify(filter)}>
        <Labelled label="Memo">
          <input name="memo" defaultValue={filter.memo} maxLength={256} spellcheck={false} />
        </Labelled>
        <Labelled label="Direction">
          <select name="direction" defaultValue={filter.direction ?? ""}>
            {[
              ["", "all"],
              ["in", "received"],
              ["out", "sent"],
              ["self", "to itself"],
            ].map(([value, text]) => (
              <option key={value} value={value} selected={value === (filter.direction ?? "")}>
                {text}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled label="From or to">
          <input
            name="with"
            defaultValue={filter.with && nameOr(filter.with)}
            placeholder="cc1… or a name"
            list={list}
            autocomplete="off"
            spellcheck={false}
          />
        </Labelled>
        <datalist id={list}>
          {namedAddresses().map((named) => (
            <option key={named.address} value={named.name} />
          ))}
        </datalist>
        <Labelled label="First day">
          <input name="from" type="date" defaultValue={filter.from} />
        </Labelled>
        <Labelled label="Last day">
          <input name="to" type="date" defaultValue={filter.to} />
        </Labelled>
        <Labelled label={`Least amount${unitSymbol()}`}>
          <input name="min" inputmode="decimal" defaultValue={filter.min && inUnit(filter.min)} />
        </Labelled>
        <Labelled label={`Greatest amount${unitSymbol()}`}>
          <input name="max" inputmode="decimal" defaultValue={filter.max && inUnit(filter.max)} />
        </Labelled>
        <div class="actions">
          <button type="submit">Show</button>
          {["This month", "Last month"].map((name, ago) => (
            <a key={name} href={historyHash(address, { ...filter, ...month(ago) })}>
              {name}
            </a>
          ))}
          {chosen > 0 ? <a href={historyHash(address, {})}>Show all</a> : null}
        </div>
        {problem === "" ? null : (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </form>
    </details>
  );
}

/** The first and the last day of a month. */
function month(ago: number): Record<"from" | "to", string> {
  const now = new Date();
  const day = (later: number, date: number) =>
    new Date(Date.UTC(now.getFullYear(), now.getMonth() + later, date)).toISOString().slice(0, 10);
  return { from: day(-ago, 1), to: day(1 - ago, 0) };
}

function Labelled({ label, children }: { label: string; children?: Markup }): Markup {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label>
      <span>{label}</span>
      {children}
    </label>
  );
}

/** A name that stands for one address; otherwise the address. */
function nameOr(address: string): string {
  const name = shownAddress(address);
  return namedAddresses().filter((named) => named.name === name).length === 1 ? name : address;
}

/** @throws with what is wrong, for people */
function readForm(form: FormData): FilterTexts {
  const text = (name: string) => (form.get(name) as string).trim();
  const amount = (name: string) => (text(name) === "" ? "" : readUnits(text(name)).toString());
  const all = {
    memo: text("memo"),
    direction: text("direction"),
    from: text("from"),
    to: text("to"),
    with: text("with") === "" ? "" : recipient(text("with")),
    min: amount("min"),
    max: amount("max"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}
