import { type Address, fromHex, type Key, keyFromSeed } from "../../client/index.ts";
import { Store } from "../store.ts";
import { forgetKey, savedKeys, saveKey, unsealKey } from "./keyring.ts";

/** An account whose key is in this browser. */
export interface WalletAccount {
  address: Address;
  name: string;
  /** Encrypted in this browser's storage; else gone when the tab is. */
  isSaved: boolean;
  /** There while it is unlocked. Never leaves this page. */
  key: Key | undefined;
}

export interface Wallet {
  accounts: readonly WalletAccount[];
  /** The one that is shown. */
  chosen: Address | undefined;
}

export const wallet = new Store<Wallet>(savedWallet());

/** Without any account where the browser's storage is of no use: all else of the page is. */
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

/** Without a passphrase it is kept for this tab only. */
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

/** The secret itself, to be written down. */
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

/** 64 hex digits, with or without `0x`. @throws */
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
