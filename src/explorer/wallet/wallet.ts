import { type Address, fromHex, type Key, keyFromSeed } from "../../client/index.ts";
import type { Secret } from "../backup/words.ts";
import { Store } from "../store.ts";
import {
  changeSaved,
  forgetKey,
  hasWords,
  type SavedKey,
  savedKeys,
  saveKey,
  storageKey,
  unsealKey,
} from "./keyring.ts";

/** An account whose key is in this browser. */
export interface WalletAccount {
  address: Address;
  name: string;
  /** True if the key is encrypted in this browser's storage; otherwise this tab forgets it when it closes. */
  isSaved: boolean;
  /** True if the key is made from words. */
  hasWords: boolean;
  /** True if the key is known to be kept elsewhere too. */
  isBackedUp: boolean;
  /** The seed and the entropy of a key that was made here, until it is locked, or both saved and backed up. */
  secret: Secret | undefined;
  /** True once the account is known to hold coins, or was paid from here. */
  isFunded: boolean;
  /** The unlocked key, which never leaves this page. */
  key: Key | undefined;
}

export interface Wallet {
  accounts: readonly WalletAccount[];
  /** The address of the account that is shown. */
  chosen: Address | undefined;
}

export const wallet = new Store<Wallet>(savedWallet());
/** Reaches the wallets of this browser's other tabs. */
let tabs: BroadcastChannel | undefined;

/** Reads the saved accounts; finds none if the browser's storage cannot be used, and the rest still works. */
function savedWallet(): Wallet {
  try {
    const accounts = savedKeys().map(lockedAccount);
    return { accounts, chosen: accounts[0]?.address };
  } catch {
    return { accounts: [], chosen: undefined };
  }
}

function lockedAccount(saved: SavedKey): WalletAccount {
  const { address, name, isBackedUp = true } = saved;
  return {
    ...{ address, name, isBackedUp, isSaved: true, hasWords: hasWords(saved) },
    ...{ isFunded: false, secret: undefined, key: undefined },
  };
}

/**
 * Adds a key, which is kept for this tab only if there is no passphrase. `isNew` is true if nothing else has a copy of
 * it. Without a name the account keeps the name that it has, or gets the one of `otherwise`, or a number.
 */
export async function addKey(
  secret: Secret,
  {
    name,
    otherwise = "",
    passphrase,
    isNew,
  }: { name: string; otherwise?: string; passphrase: string; isNew: boolean },
): Promise<Address> {
  const key = await keyFromSeed(secret.seed);
  const { address } = key;
  const { accounts } = wallet.value;
  const known = accounts.find((each) => each.address === address);
  const shownName = name || known?.name || otherwise || `Key ${accounts.length + 1}`;
  const isBackedUp = !isNew;
  if (passphrase !== "") await saveKey({ address, name: shownName, isBackedUp }, secret, passphrase);
  put({
    ...{ address, isBackedUp, key, name: shownName },
    isSaved: passphrase !== "" || known?.isSaved === true,
    hasWords: secret.entropy !== undefined,
    isFunded: known?.isFunded ?? false,
    secret: isNew ? secret : undefined,
  });
  return address;
}

/** Saves a key that was for this tab only. */
export async function keep(account: WalletAccount, passphrase: string): Promise<void> {
  if (!account.secret) throw new Error("This key is not in this tab.");
  await saveKey(account, account.secret, passphrase);
  change(account.address, { isSaved: true });
}

/** Notes that the key is kept elsewhere too. */
export function noteBackup(address: Address): void {
  changeSaved(address, { isBackedUp: true });
  const isSaved = savedKeys().some((each) => each.address === address);
  change(address, { isBackedUp: true, ...(isSaved && { secret: undefined }) });
}

export function rename(address: Address, name: string): void {
  changeSaved(address, { name });
  change(address, { name });
}

/** Remembers that the account holds coins, if it is one of this wallet. */
export function noteFunds(address: Address): void {
  if (wallet.value.accounts.some((each) => each.address === address && !each.isFunded))
    change(address, { isFunded: true });
}

/** The accounts whose coins are lost if this tab closes now. */
function accountsAtRisk(): WalletAccount[] {
  return wallet.value.accounts.filter((each) => !each.isBackedUp && !each.isSaved && each.isFunded);
}

export async function unlock(address: Address, passphrase: string): Promise<void> {
  const { seed } = await secretOf(address, passphrase);
  change(address, { key: await keyFromSeed(seed) });
}

/** Locks the saved keys, in this tab and in the browser's others. */
export function lockAll(): void {
  lockHere();
  tabs?.postMessage("lock");
}

function lockHere(): void {
  const { accounts } = wallet.value;
  const locked = { key: undefined, secret: undefined };
  wallet.update({ accounts: accounts.map((each) => (each.isSaved ? { ...each, ...locked } : each)) });
}

/** Follows other tabs' keys, and asks before a tab closes with the only copy of a key that holds coins. */
export function watchTabs(): void {
  tabs = new BroadcastChannel("ccoin.wallet");
  tabs.onmessage = lockHere;
  addEventListener("storage", ({ key }) => {
    if (key === null || key === storageKey) followSaved();
  });
  addEventListener("beforeunload", (event) => {
    if (accountsAtRisk().length > 0) event.preventDefault();
  });
}

function followSaved(): void {
  const { accounts, chosen } = wallet.value;
  const saved = savedWallet().accounts;
  const savedOf = (address: Address) => saved.find((each) => each.address === address);
  const here = accounts
    .filter(({ address, isSaved }) => !isSaved || savedOf(address))
    .map((each) => {
      const { name, isBackedUp = true } = savedOf(each.address) ?? each;
      const isSaved = savedOf(each.address) !== undefined;
      const secret = isSaved && isBackedUp ? undefined : each.secret;
      return { ...each, name, isBackedUp, isSaved, secret };
    });
  const all = [...here, ...saved.filter(({ address }) => !here.some((each) => each.address === address))];
  const isChosenHere = all.some(({ address }) => address === chosen);
  wallet.set({ accounts: all, chosen: isChosenHere ? chosen : all[0]?.address });
}

/** Decrypts a saved key. */
export async function secretOf(address: Address, passphrase: string): Promise<Secret> {
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

/** Parses 64 hex digits, with or without `0x` and blanks. @throws with a text for people */
export function parseSeed(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s+/g, "").replace(/^0x/i, "");
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
