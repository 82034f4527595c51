import htm from "htm";
import { type ComponentChildren, h } from "preact";

/** Return type of a component. */
export type Markup = ComponentChildren;

type Template = (strings: TemplateStringsArray, ...values: unknown[]) => Markup;

/** Markup as a template: `html`<p class="note">${text}</p>``. */
// The types of htm describe its CommonJS form, whose default export is one level deeper.
export const html = (htm as unknown as { bind(create: typeof h): Template }).bind(h);
