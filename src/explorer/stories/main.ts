import { Changes } from "./changes.tsx";
import { Days } from "./days.tsx";
import { ForkPage, ForksPage } from "./forks.tsx";
import { LongTermPage } from "./long-term-page.tsx";
import { TurnMap } from "./turn-map.tsx";

/** Tells the fate of blocks, turns and votes: a script of its own, which uses parts of the page (`shared.ts`). */
const stories = { Changes, Days, ForkPage, ForksPage, LongTermPage, TurnMap };

declare global {
  interface LaterScripts {
    "stories.js": typeof stories;
  }
}

globalThis.ccoinLater = { ...globalThis.ccoinLater, "stories.js": stories };
