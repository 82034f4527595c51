import { client } from "./live.ts";

declare global {
  /** The exports of the scripts that the page fetches when it first needs them: each is src/explorer/<name>/main.ts. */
  var ccoinLater: Partial<LaterScripts> | undefined;
}

/** The scripts that pages need before they can show anything. */
const scripts: Readonly<Record<string, keyof LaterScripts>> = {
  wallet: "wallet.js",
  receive: "wallet.js",
  forks: "stories.js",
  "long-term": "stories.js",
};

/** Fetches the script of a page, if it has one. The page itself shows an error, and asks again. */
export async function laterPage(page: string): Promise<void> {
  if (scripts[page]) await later(scripts[page]).catch(() => undefined);
}

const loading = new Map<keyof LaterScripts, Promise<unknown>>();

export function later<Name extends keyof LaterScripts>(name: Name): Promise<LaterScripts[Name]> {
  const known = loading.get(name) as Promise<LaterScripts[Name]> | undefined;
  if (known) return known;
  const loaded = load(name).catch((error) => {
    loading.delete(name);
    throw error;
  });
  loading.set(name, loaded);
  return loaded;
}

/** The script runs within the page, whose policy names its hash: a browser runs no other. */
async function load<Name extends keyof LaterScripts>(name: Name): Promise<LaterScripts[Name]> {
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
