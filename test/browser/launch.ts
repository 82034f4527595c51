import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { root } from "../e2e/harness/process.ts";
import { until } from "../e2e/harness/until.ts";

const flags = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/**
 * Launches the browser of this machine; installs Debian's Chromium if there is none. `enter` is a command that runs it
 * elsewhere, such as on a machine of a lab.
 */
export async function launchBrowser(enter: readonly string[] = []): Promise<Browser> {
  const executablePath = execFileSync(join(root, "scripts/browser.sh"), { encoding: "utf8" }).trim();
  if (enter.length === 0) return chromium.launch({ executablePath, args: flags });
  await until("the machine's addresses can be used", () => hasSettledAddresses(enter));
  const folder = mkdtempSync(join(tmpdir(), "ccoin-browser-"));
  const entered = join(folder, "browser");
  writeFileSync(entered, `#!/bin/sh\nexec ${enter.join(" ")} ${executablePath} "$@"\n`, { mode: 0o755 });
  const browser = await chromium.launch({ executablePath: entered, args: flags });
  rmSync(folder, { recursive: true });
  return browser;
}

/**
 * False while IPv6 looks for another machine with the same address (RFC 4862, section 5.4), for a second or two after a
 * network card was connected. Chromium aborts its requests when that ends (`ERR_NETWORK_CHANGED`).
 */
function hasSettledAddresses([command, ...args]: readonly string[]): boolean {
  return execFileSync(command!, [...args, "ip", "address", "show", "tentative"], { encoding: "utf8" }) === "";
}
