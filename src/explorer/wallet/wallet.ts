import { type Address, fromHex, type Key, keyFromSeed } from "../../client/index.ts";
import { Store } from "../store.ts";
import { forgetKey, savedKeys, saveKey, unsealKey } from "./keyring.ts";

/** An account whose key is in this browser. */
export interface WalletAccount {
  address: Address;
  name: string;
  /** True if the key is encrypted in this browser's storage; otherwise it is lost when the tab closes. */
  isSaved: boolean;
  /** The unlocked key, which never leaves this page. */
  key: Key | undefined;
}

export interface Wallet {
  accounts: readonly WalletAccount[];
  /** The address of the account that is shown. */
  chosen: Address | undefined;
}

export const wallet = new Store<Wallet>(savedWallet());

/** Reads the saved accounts; there are none if the browser's storage cannot be used, and the rest of the page still works. */
function savedWallet(): Wallet {
  try {
    const accounts = savedKeys().map(({ address, name }) => ({
      address,
      name,
      isSaved: true,
      key: undefined,
    }));
    return { accounts, chosen: accounts[0]?.address };
  } catch {
    return { accounts: [], chosen: undefined };
  }
}

/** Adds a key, which is kept for this tab only if there is no passphrase. */
export async function addKey(
  seed: Uint8Array<ArrayBuffer>,
  name: string,
  passphrase: string,
): Promise<Address> {
  const key = await keyFromSeed(seed);
  const { address } = key;
  const { accounts } = wallet.value;
  const known = accounts.find((each) => each.address === address);
  const shownName = name || known?.name || `Key ${accounts.length + 1}`;
  if (passphrase !== "") await saveKey({ address, name: shownName }, seed, passphrase);
  const isSaved = passphrase !== "" || known?.isSaved === true;
  put({ address, name: shownName, isSaved, key });
  return address;
}

export async function unlock(address: Address, passphrase: string): Promise<void> {
  const key = await keyFromSeed(await seedOf(address, passphrase));
  change(address, { key });
}

export function lock(address: Address): void {
  change(address, { key: undefined });
}

/** Decrypts the seed, for the user to write down. */
export async function seedOf(address: Address, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const saved = savedKeys().find((each) => each.address === address);
  if (!saved) throw new Error("This key is not saved in this browser.");
  return unsealKey(saved, passphrase);
}

export function forget(address: Address): void {
  forgetKey(address);
  const accounts = wallet.value.accounts.filter((each) => each.address !== address);
  wallet.set({ accounts, chosen: accounts[0]?.address });
}

export function choose(address: Address): void {
  wallet.update({ chosen: address });
}

/** Parses 64 hex digits, with or without `0x`. @throws with a text for people */
export function parseSeed(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.trim().replace(/^0x/i, "");
  if (/^[0-9a-f]{64}$/i.test(digits)) return fromHex(`0x${digits}`);
  throw new Error("A seed has 64 hex digits.");
}

function put(account: WalletAccount): void {
  const { accounts } = wallet.value;
  const isKnown = accounts.some(({ address }) => address === account.address);
  const all = isKnown
    ? accounts.map((each) => (each.address === account.address ? account : each))
    : [...accounts, account];
  wallet.update({ accounts: all });
}

function change(address: Address, news: Partial<WalletAccount>): void {
  const { accounts } = wallet.value;
  wallet.update({
    accounts: accounts.map((each) => (each.address === address ? { ...each, ...news } : each)),
  });
}
