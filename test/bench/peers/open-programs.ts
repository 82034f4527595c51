import { anvilProgram } from "./anvil.ts";
import { ccoinProgram } from "./ccoin.ts";
import { loadSecp256k1, type SignedTransfers, signTransfers } from "./ethereum.ts";
import { hardhatProgram } from "./hardhat.ts";
import type { Installation, Installations } from "./installation.ts";
import { litecoinProgram } from "./litecoin.ts";
import type { Program } from "./program.ts";

/** Makes the programs that are installed, and sentences about those that are not. */
export function openPrograms({ signer, ...others }: Installations): {
  programs: Program[];
  leftOut: string[];
} {
  const programs: Program[] = [ccoinProgram];
  const leftOut: string[] = [];
  const add = (name: keyof typeof others, make: (installation: Installation) => Program) => {
    const installation = others[name];
    const missing = [signer, installation].find((each) => "leftOut" in each);
    if (missing && "leftOut" in missing) leftOut.push(`${name} is left out: ${missing.leftOut}`);
    else programs.push(make(installation as Installation));
  };
  const secp256k1 = () => loadSecp256k1((signer as Installation).folder);
  let known: SignedTransfers | undefined;
  const signed = (count: number) => {
    known ??= signTransfers(secp256k1(), count);
    return known;
  };
  add("anvil", (installation) => anvilProgram(installation, signed));
  add("Hardhat", (installation) => hardhatProgram(installation, signed));
  add("litecoind", (installation) => litecoinProgram(installation, secp256k1()));
  return { programs, leftOut };
}
