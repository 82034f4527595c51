import type { VNode } from "preact";

/** Return type of a component: what can be shown. Narrower than Preact's `ComponentChildren`, which takes any object. */
export type Markup = VNode | string | number | null | undefined | Markup[];
