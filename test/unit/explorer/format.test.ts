import { expect, it } from "vitest";
import {
  age,
  byteSize,
  count,
  dateTime,
  duration,
  rounded,
  short,
  whole,
} from "../../../src/explorer/format.ts";

it.each([
  [duration(0), "0 ms"],
  [duration(999), "999 ms"],
  [duration(1000), "1.0 s"],
  [duration(9_949), "9.9 s"],
  [duration(59_600), "60 s"],
  [duration(600_000), "10 min"],
  [duration(-1500), "-1.5 s"],
  [duration(36_000_000), "10 h"],
  [duration(864_000_000), "10 d"],
  [age(900), "now"],
  [age(-900), "now"],
  [age(1_999), "1 s ago"],
  [age(600_000), "10 min ago"],
  [whole("18446744073709551615"), "18,446,744,073,709,551,615"],
  [whole(1234), "1,234"],
  [rounded(0.41666), "0.42"],
  [rounded(12.345), "12.3"],
  [rounded(12345.6), "12,346"],
  [byteSize(999), "999 B"],
  [byteSize(1234), "1.23 kB"],
  [byteSize(2_000_000), "2 MB"],
  [count(1, "vote"), "1 vote"],
  [count(0, "vote"), "0 votes"],
  [short("0x12345678"), "0x12345678"],
  [short("0x1234567890abcdef"), "0x123456…bcdef"],
])("formats %s", (text, expected) => {
  expect(text).toBe(expected);
});

it("formats a time in one way for all languages", () => {
  expect(dateTime(new Date(2027, 2, 2, 4, 5, 9).getTime())).toBe("2 Mar 2027, 04:05:09");
});
