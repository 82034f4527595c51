import { readFileSync } from "node:fs";
import type { Protocol } from "../../../protocols/index.ts";

type Quota = Protocol<unknown, unknown>["quota"];

/** Reads a page of the repository, with a space for each run of white space. */
export function readPage(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8").replaceAll(/\s+/g, " ");
}

const words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight"];

/** Formats numbers as the pages do. */
export const english = (count: number): string => count.toLocaleString("en-US");
export const inWords = (count: number): string => words[count]!;
export const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);
export const power = (of: number): string => `2^${Math.log2(of)}`;
export const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MiB`;
export const seconds = (ms: number): string => `${ms / 1_000} s`;
export const minutes = (ms: number): string => `${ms / 60_000} minutes`;
export const aSecond = ({ requests, perMs }: Quota): number => (1_000 * requests) / perMs;
export const rate = (quota: Quota): string =>
  aSecond(quota) === 1 ? "one a second" : `${aSecond(quota)} a second`;
