import { isOwnMachine } from "../node/http-names.ts";
import type { RunningNode } from "../node/index.ts";

type Shown = Pick<RunningNode, "url" | "https">;

/** The rows for the page of a node that listens on `host`, and its certificate. None without HTTPS. */
export function httpsRows({ url, https }: Shown, host: string): (readonly [string, string])[] {
  if (!https) return [];
  const { fingerprint, urlForOthers } = https;
  const hint = () => {
    if (urlForOthers !== undefined) return "on phones and other machines of this network";
    return isOwnMachine(host)
      ? "on this machine alone: with --host=0.0.0.0 on phones and other machines too"
      : "on this machine alone, which has no address in a network yet: connect it to one";
  };
  return [
    ["page", `${urlForOthers ?? url}/`],
    ["", hint()],
    ["SHA-256", fingerprint],
    ["", "compare it with the fingerprint of the certificate that a browser shows"],
  ];
}

/** The address of a node's page as a QR code for phones; "" without a terminal, and if phones do not reach it. */
export async function pageCode(
  { https }: Pick<Shown, "https">,
  { isTTY }: { isTTY: boolean } = process.stdout,
): Promise<string> {
  if (!isTTY || https?.urlForOthers === undefined) return "";
  const { default: encodeQR } = await import("qr");
  const lines = encodeQR(`${https.urlForOthers}/`, "ascii", { border: quietModules }).trimEnd().split("\n");
  return `\n${lines.map((line) => `${whiteOnBlack}${line}${reset}\n`).join("")}`;
}

/** Readers need so many light modules around a code. */
const quietModules = 4;
/** The light modules are characters: whatever the colours of the terminal are, they have to be the lighter ones. */
const whiteOnBlack = "\x1b[38;5;231;48;5;16m";
const reset = "\x1b[0m";
