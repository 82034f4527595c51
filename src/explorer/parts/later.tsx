import { later } from "../later.ts";
import { live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { useLoad, useSelected } from "../store.ts";
import { Answer } from "./layout.tsx";

/** A part of the page that is in a script of its own. */
export function Later<Name extends keyof LaterScripts>({
  from,
  show,
}: {
  from: Name;
  show(script: LaterScripts[Name]): Markup;
}): Markup {
  // Asks again when the node is back.
  const connection = useSelected(live, (state) => state.connection);
  const { data, error } = useLoad(() => later(from), connection);
  return <Answer loaded={{ data: globalThis.ccoinLater?.[from] ?? data, error }} show={show} />;
}
