export { AddressBookStore } from "./address-book.ts";
export * from "./create.ts";
export * from "./network.ts";
export * from "./types.ts";
