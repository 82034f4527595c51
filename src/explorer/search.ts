import { ApiError, isAddress } from "../client/index.ts";
import { client } from "./live.ts";

/** The place of a height, an id of a block or transaction, or an address. @throws with what is wrong. */
export async function find(text: string): Promise<string> {
  const name = text.trim().replaceAll(",", "");
  if (/^[0-9]+$/.test(name)) return `#/block/${(await client.block(Number(name))).height}`;
  if (isAddress(name.toLowerCase())) return `#/account/${name.toLowerCase()}`;
  if (/^cc1/i.test(name)) throw new Error("This address has a typing error.");
  const id = name.toLowerCase().replace(/^(0x)?/, "0x");
  if (!/^0x[0-9a-f]{64}$/.test(id))
    throw new Error("Search for a height, an id of 64 hex digits, or an address (cc1…).");
  if (await exists(() => client.transaction(id))) return `#/tx/${id}`;
  if (await exists(() => client.block(id))) return `#/block/${id}`;
  throw new Error("No block and no transaction has this id.");
}

async function exists(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
