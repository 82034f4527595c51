/**
 * The parts that the script `stories.js` takes from the page, so that it does not contain them a second time:
 * scripts/make-page.ts replaces its imports by these.
 */
export { Fragment, jsx, jsxs } from "preact/jsx-runtime";
export { count, dateTime, duration, rounded, uptime, whole } from "./format.ts";
export { client, live, nodeTime } from "./live.ts";
export { Answer, Fact, Facts, Section, Tag } from "./parts/layout.tsx";
export { Age, Authority, BlockLink, FullName } from "./parts/names.tsx";
export { Plot } from "./parts/plot.tsx";
export { Table } from "./parts/table.tsx";
export { StatusTag, transactionColumns } from "./parts/transactions.tsx";
export { Subject } from "./parts/votes.tsx";
export { useLoad, useStore } from "./store.ts";
