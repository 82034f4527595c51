import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An installed program. */
export interface Installation {
  version: string;
  /** Its program file, or main script. */
  file: string;
  /** The folder in which it was installed. */
  folder: string;
}

/** The programs by name; one that could not be installed has the reason instead. */
export type Installations = Record<
  "anvil" | "Hardhat" | "litecoind" | "signer",
  Installation | { leftOut: string }
>;

export function writeInstallations(folder: string, installations: Installations): void {
  writeFileSync(join(folder, "installed.json"), JSON.stringify(installations));
}

export function readInstallations(folder: string): Installations {
  return JSON.parse(readFileSync(join(folder, "installed.json"), "utf8")) as Installations;
}
