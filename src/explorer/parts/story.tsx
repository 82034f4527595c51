import { later } from "../later.ts";
import type { Markup } from "../markup.ts";
import { useLoad } from "../store.ts";
import type { Stories } from "../stories/main.ts";
import { Answer } from "./layout.tsx";

/** A part of the page that is in the script `stories.js`. */
export function Story({ show }: { show(stories: Stories): Markup }): Markup {
  return <Answer loaded={useLoad(() => later("stories.js"), "")} show={show} />;
}
