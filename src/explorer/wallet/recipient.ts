import { bech32m } from "@scure/base";
import { type Address, isAddress } from "../../client/index.ts";
import { namedAddresses } from "../names.ts";

/** The characters of bech32 after `cc1`. */
const letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const length = 61;

/** Returns the address that is typed, or that has the typed name. @throws with what is wrong, for people */
export function recipient(text: string): Address {
  const typed = text.trim();
  const named = namedAddresses().filter(({ name }) => name.toLowerCase() === typed.toLowerCase());
  if (named.length > 1) throw new Error("Several addresses have this name: enter the address.");
  if (named[0]) return named[0].address;
  const problem = addressProblem(typed);
  if (problem) throw new Error(problem);
  return typed.toLowerCase();
}

/** Says what is wrong with an address; undefined if nothing is. */
export function addressProblem(text: string): string | undefined {
  const address = text.toLowerCase();
  if (isAddress(address)) return undefined;
  if (!address.startsWith("cc1")) return "This is neither an address (cc1…) nor a name that is known here.";
  const foreign = [...address.slice(3)].find((letter) => !letters.includes(letter));
  if (foreign) return `A letter is wrong: no address has “${foreign}”.`;
  if (address.length < length)
    return `This address is not finished: it has ${address.length} of ${length} letters.`;
  if (address.length > length)
    return `This address is too long: it has ${address.length} letters, not ${length}.`;
  if (bech32m.decodeUnsafe(address)) return "No key belongs to this address.";
  return "A letter is wrong in this address: its checksum does not match.";
}
