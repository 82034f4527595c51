export * from "./account.ts";
export * from "./atomic-file.ts";
export { defaultScrypt, type ScryptParameters } from "./keystore.ts";
export { passphraseFileVariable } from "./passphrase.ts";
export * from "./peer-key.ts";
export * from "./signer.ts";
