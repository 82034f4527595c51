export * from "./account.ts";
export * from "./admin-token.ts";
export * from "./data-identity.ts";
export { exportInterchange, importInterchange } from "./interchange.ts";
export * from "./peer-key.ts";
export * from "./protected-signer.ts";
export type * from "./protected-signer-types.ts";
export * from "./protection.ts";
export * from "./signer.ts";
