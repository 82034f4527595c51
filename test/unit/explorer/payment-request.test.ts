import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../../src/crypto/address.ts";
import { paymentLink, paymentRequest } from "../../../src/explorer/wallet/payment-request.ts";
import { testAddresses } from "../support/addresses.ts";

const to = encodeAddress(testAddresses(1)[0]!);
const read = (link: string) => paymentRequest(new URL(link.replace("#/wallet", "")).searchParams);

describe("a payment request", () => {
  test.each([
    { to, amount: "25", memo: "rent & more #1 ü" },
    { to, amount: "", memo: "" },
    { to, amount: "18446744073709551615", memo: "=?" },
  ])("survives its link: %j", (request) => {
    const link = paymentLink(request, "http://127.0.0.1:63262/#/receive/x");
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:63262\/#\/wallet\?to=cc1/);
    expect(read(link)).toEqual(request);
  });

  test("a payment request made by a page under a path leads to that path", () => {
    const link = paymentLink({ to, amount: "", memo: "" }, "https://example.org/ccoin/#/receive/x");
    expect(link).toBe(`https://example.org/ccoin/#/wallet?to=${to}`);
  });

  test("takes an address in capitals, as QR codes may have it, and ignores an amount that is none", () => {
    const query = new URLSearchParams({ to: to.toUpperCase(), amount: "1.5" });
    expect(paymentRequest(query)).toEqual({ to, amount: "", memo: "" });
  });

  test.each(["", "to=", "to=cc1qqqq", "amount=5"])(
    "reads no payment request without a valid address: %s",
    (query) => {
      expect(paymentRequest(new URLSearchParams(query))).toBeUndefined();
    },
  );
});
