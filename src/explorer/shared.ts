/**
 * The parts that the scripts `stories.js` and `wallet.js` take from the page, so that they do not contain them a second
 * time: scripts/make-page.ts replaces their imports by these.
 */

export { useEffect, useId, useRef, useState } from "preact/hooks";
export { Fragment, jsx, jsxs } from "preact/jsx-runtime";
export { ApiError, isTransient, request } from "../client/http.ts";
export { isAddress, keyFromSeed, signTransfer, toHex } from "../client/index.ts";
export { count, dateTime, duration, rounded, uptime, whole } from "./format.ts";
export { withFinality } from "./history/load.ts";
export { HistoryTable } from "./history/table.tsx";
export { later } from "./later.ts";
export { client, live, nodeTime } from "./live.ts";
export { namedAddresses, useName } from "./names.ts";
export { Amount, amountText, inUnit, readUnits, unitSymbol } from "./parts/amount.tsx";
export { Identicon } from "./parts/identicon.tsx";
export { Answer, Fact, Facts, Problem, Section, Tag } from "./parts/layout.tsx";
export {
  Address,
  Age,
  Authority,
  BlockLink,
  FullName,
  NamedAddress,
  TransactionLink,
} from "./parts/names.tsx";
export { Plot } from "./parts/plot.tsx";
export { Table } from "./parts/table.tsx";
export { StatusTag, transactionColumns } from "./parts/transactions.tsx";
export { Subject } from "./parts/votes.tsx";
export { keepIfPossible, kept, Store, useLoad, useSelected, useStore } from "./store.ts";
export { IncomingPayment } from "./wallet/arrivals.tsx";
export {
  addContact,
  contacts,
  contactsFile,
  contactsOf,
  filed,
  mergeContacts,
  readContacts,
  removeContact,
} from "./wallet/contacts.ts";
export { download } from "./wallet/download.ts";
export { newIncoming } from "./wallet/incoming.ts";
export { paymentLink } from "./wallet/payment-request.ts";
export { recipient } from "./wallet/recipient.ts";
export {
  addKey,
  choose,
  forget,
  keep,
  lockAll,
  noteBackup,
  noteFunds,
  parseSeed,
  rename,
  secretOf,
  unlock,
  wallet,
} from "./wallet/wallet.ts";
