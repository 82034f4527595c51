import { viewOf } from "../util/bytes.ts";
import type { AccountTable } from "./account-table.ts";

/** SSZ chunks of an `Account`: address, balance, nonce, and one of zeros. */
const accountBytes = 4 * 32;

/** Writes the four chunks of each account, one account after another, over all of `out`. */
export function packAccounts(table: AccountTable, indexes: Uint32Array, out: Uint8Array): void {
  const addresses = table.bytes;
  const view = viewOf(out);
  out.fill(0);
  let at = 0;
  for (const index of indexes) {
    const address = index * 32;
    for (let byte = 0; byte < 32; byte++) out[at + byte] = addresses[address + byte]!;
    view.setBigUint64(at + 32, table.balance(index), true);
    const nonce = table.nonce(index);
    view.setUint32(at + 64, nonce >>> 0, true);
    view.setUint32(at + 68, Math.floor(nonce / 2 ** 32), true);
    at += accountBytes;
  }
}
