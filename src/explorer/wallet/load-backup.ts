import type { Backup } from "../backup/main.ts";
import { client } from "../live.ts";

let loading: Promise<Backup> | undefined;

/** Resolves to the functions of src/explorer/backup, which the page fetches when it first needs them. */
export function loadBackup(): Promise<Backup> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** The script runs within the page, whose policy names its hash: a browser runs no other. */
async function load(): Promise<Backup> {
  const answer = await fetch(`${client.url}/backup.js`).catch(() => undefined);
  if (!answer?.ok) throw new Error("The node does not answer. Try again in a moment.");
  const script = document.createElement("script");
  script.textContent = await answer.text();
  document.head.append(script);
  if (!globalThis.ccoinBackup) throw new Error("The node has another page by now: reload this one.");
  return globalThis.ccoinBackup;
}
