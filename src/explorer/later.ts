import type { Backup } from "./backup/main.ts";
import { client } from "./live.ts";
import type { QrRows } from "./qr/main.ts";
import * as shared from "./shared.ts";
import type { Stories } from "./stories/main.ts";

/** The exports of the scripts that the page fetches when it first needs them: each is src/explorer/<name>/main.ts. */
interface Later {
  "backup.js": Backup;
  "qr.js": QrRows;
  "stories.js": Stories;
}

declare global {
  var ccoinLater: Partial<Later> | undefined;
  var ccoinShared: typeof shared;
}
globalThis.ccoinShared = shared;

const loading = new Map<keyof Later, Promise<unknown>>();

export function later<Name extends keyof Later>(name: Name): Promise<Later[Name]> {
  const known = loading.get(name) as Promise<Later[Name]> | undefined;
  if (known) return known;
  const loaded = load(name).catch((error) => {
    loading.delete(name);
    throw error;
  });
  loading.set(name, loaded);
  return loaded;
}

/** The script runs within the page, whose policy names its hash: a browser runs no other. */
async function load<Name extends keyof Later>(name: Name): Promise<Later[Name]> {
  // Browsers give a failed request a text that helps nobody.
  const answer = await fetch(`${client.url}/${name}`).catch(() => undefined);
  if (!answer?.ok) throw new Error("The node does not answer. Try again in a moment.");
  const script = document.createElement("script");
  script.textContent = await answer.text();
  document.head.append(script);
  const given = globalThis.ccoinLater?.[name];
  if (!given) throw new Error("The node has another page by now: reload this one.");
  return given;
}
