import { ApiError } from "../client/index.ts";
import { client } from "./live.ts";
import { addressProblem } from "./wallet/recipient.ts";

/** Resolves to the location of a height, of an id, or of an address. @throws with a text for people */
export async function find(text: string): Promise<string> {
  const name = text.trim().replaceAll(",", "");
  if (/^[0-9]{1,15}$/.test(name)) return findHeight(Number(name));
  if (/^cc1/i.test(name)) {
    const problem = addressProblem(name);
    if (problem) throw new Error(problem);
    return `#/account/${name.toLowerCase()}`;
  }
  const id = name.toLowerCase().replace(/^(0x)?/, "0x");
  if (!/^0x[0-9a-f]{64}$/.test(id))
    throw new Error("Search for a height, an id of 64 hex digits, or an address (cc1…).");
  if (await exists(() => client.transaction(id))) return `#/tx/${id}`;
  if (await exists(() => client.block(id))) return `#/block/${id}`;
  if (await exists(() => client.fork(id))) return `#/forks/${id}`;
  throw new Error("No block and no transaction has this id.");
}

async function findHeight(height: number): Promise<string> {
  // Asks for a list of one block, because a list leaves out the transactions.
  const { blocks } = await client.blocks({ before: height + 1, limit: 1 });
  if (blocks[0]?.height === height) return `#/block/${height}`;
  throw new Error(`There is no block ${height} yet.`);
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
