import { stripVTControlCharacters } from "node:util";
import decodeQR from "qr/decode.js";
import { expect, it } from "vitest";
import { httpsRows, pageCode } from "../../../src/cli/show-https.ts";
import { compared } from "../../transcripts.ts";

const url = "https://127.0.0.1:63262";
const fingerprint = "AB:CD";
const urlForOthers = "https://192.168.1.10:63262";
const terminal = { isTTY: true };

/** The text as a camera sees it: two modules above each other in every character, a block for a light one. */
function picture(code: string) {
  const rows = stripVTControlCharacters(code)
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const both = [...line].map((character) => [
        [..."█▀"].includes(character),
        [..."█▄"].includes(character),
      ]);
      return [both.map(([upper]) => upper), both.map(([, lower]) => lower)];
    });
  const scale = 4;
  const width = rows[0]!.length * scale;
  const height = rows.length * scale;
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const isLight = rows[Math.floor(Math.floor(at / width) / scale)]![Math.floor((at % width) / scale)];
    data.fill(isLight ? 255 : 0, at * 3, at * 3 + 3);
  }
  return { width, height, data };
}

it("a terminal shows the address of the page as a code that phones read", async () => {
  const code = await pageCode({ https: { fingerprint, urlForOthers } }, terminal);
  expect(decodeQR(picture(code))).toBe(`${urlForOthers}/`);
});

it("there is no code without a terminal or HTTPS, or for an address of this machine alone", async () => {
  expect(await pageCode({ https: { fingerprint, urlForOthers } }, { isTTY: false })).toBe("");
  expect(await pageCode({ https: undefined }, terminal)).toBe("");
  expect(await pageCode({ https: { fingerprint, urlForOthers: undefined } }, terminal)).toBe("");
});

it("docs/operating.md shows what is said", () => {
  const https = { fingerprint: Array(32).fill("0F").join(":"), urlForOthers };
  const text = httpsRows({ url, https }, "0.0.0.0").map((row) => row.join(" "));
  const { shown, printed } = compared("ccoin start --nodeid=1 --host=0.0.0.0 --tls", text.join("\n"));
  expect(printed).toEqual(shown);
});

it("the address and the fingerprint are said, and what lets others open the page", () => {
  const text = (others: string | undefined, host = "0.0.0.0") =>
    httpsRows({ url, https: { fingerprint, urlForOthers: others } }, host)
      .map((row) => row.join(" "))
      .join("\n");
  expect(text(urlForOthers)).toContain(`page ${urlForOthers}/`);
  expect(text(urlForOthers)).toContain(`SHA-256 ${fingerprint}`);
  for (const host of ["localhost", "127.0.0.1", "::1"]) {
    expect(text(undefined, host)).toContain(`page ${url}/`);
    expect(text(undefined, host)).toContain("with --host=0.0.0.0 on phones");
  }
  // A person who has typed that needs no advice to type it.
  expect(text(undefined)).toContain("no address in a network yet");
  expect(httpsRows({ url, https: undefined }, "0.0.0.0")).toEqual([]);
});
