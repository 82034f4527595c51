import type { VNode } from "preact";

/** The return type of components. It is narrower than Preact's `ComponentChildren`, which allows any object. */
export type Markup = VNode | string | number | null | undefined | Markup[];
