/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | undefined | readonly Part[];

/** A template whose parts are escaped unless they are HTML themselves. Lists are joined; undefined becomes nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < parts.length ? textOf(parts[index]) : "")).join(""),
  );
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  return typeof part === "object" ? part.map(textOf).join("") : escapeText(String(part));
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Converts the Markdown of descriptions: paragraphs, tables, `code`, **strong**. */
export function markdown(text: string | undefined): Html | undefined {
  if (text === undefined || text === "") return undefined;
  return html`${text.split("\n\n").map((block) => (block.startsWith("|") ? table(block) : html`<p>${inline(block)}</p>`))}`;
}

export function inline(text: string): Html {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return html`${parts.map((part) => {
    if (part.startsWith("`")) return html`<code>${part.slice(1, -1)}</code>`;
    return part.startsWith("**") ? html`<strong>${part.slice(2, -2)}</strong>` : part;
  })}`;
}

function table(block: string): Html {
  const rows = block.split("\n").map((line) => line.split("|").slice(1, -1));
  const [head = [], , ...body] = rows;
  return html`<table><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr>${body.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${inline(cell.trim())}</td>`)}</tr>`,
  )}</table>`;
}
