import { useId } from "preact/hooks";
import { ApiError } from "../../client/http.ts";
import type { Markup } from "../markup.ts";
import type { Loaded } from "../store.ts";

export function Section({
  title,
  aside,
  children,
}: {
  title: Markup;
  /** Contents beside the title. */
  aside?: Markup;
  children?: Markup;
}): Markup {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {aside ? <div class="aside">{aside}</div> : null}
      </div>
      {children}
    </section>
  );
}

/** A named value in a card. */
export function Fact({ name, children }: { name: Markup; children?: Markup }): Markup {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Facts({ children }: { children?: Markup }): Markup {
  return <dl class="facts">{children}</dl>;
}

export type Tone = "good" | "warn" | "bad" | "plain";

export function Tag({ tone = "plain", children }: { tone?: Tone; children?: Markup }): Markup {
  return <span class={`tag ${tone}`}>{children}</span>;
}

export function Problem({ error }: { error: Error }): Markup {
  if (error instanceof ApiError && error.code === "NO_GENESIS")
    return (
      <div class="note warn">
        <p>
          This node has no chain yet. The <a href="#/">overview</a> says what it waits for.
        </p>
      </div>
    );
  return (
    <div class="note bad" role="alert">
      <p>{sentence(error.message)}</p>
      {error instanceof ApiError ? <p class="quiet">{error.code}</p> : null}
    </div>
  );
}

/** Shows an answer of the node, its error, or that the answer is awaited. */
export function Answer<T>({ loaded, show }: { loaded: Loaded<T>; show(data: T): Markup }): Markup {
  const { data, error } = loaded;
  if (data !== undefined) return show(data);
  return error ? <Problem error={error} /> : <p class="empty wait">Asking the node…</p>;
}

export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!…:]$/.test(capital) ? capital : `${capital}.`;
}
