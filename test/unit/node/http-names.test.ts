import { expect, it } from "vitest";
import { certificateNames, urlForOthers } from "../../../src/node/http-names.ts";

const interfaces = {
  lo: [
    { address: "127.0.0.1", internal: true },
    { address: "::1", internal: true },
  ],
  eth0: [
    { address: "2001:db8::7", internal: false },
    { address: "fe80::7", internal: false },
    { address: "192.0.2.7", internal: false },
  ],
};

it("a certificate is for the machine's own addresses and the names of the options", () => {
  expect(certificateNames({ httpHost: "0.0.0.0", allowHosts: ["*.example.org"] }, interfaces)).toEqual({
    names: ["localhost", "127.0.0.1", "::1", "192.0.2.7", "*.example.org"],
    passing: ["2001:db8::7"],
  });
  expect(certificateNames({ httpHost: "Node.Lan", allowHosts: [] }, {}).names).toContain("node.lan");
});

it.each([
  ["127.0.0.1", [], undefined],
  ["::1", [], undefined],
  ["localhost", ["node.example.org"], undefined],
  ["0.0.0.0", [], "https://192.0.2.7:63262"],
  ["::", [], "https://192.0.2.7:63262"],
  ["192.0.2.7", [], "https://192.0.2.7:63262"],
  ["2001:db8::7", [], "https://[2001:db8::7]:63262"],
  ["0.0.0.0", ["*.example.org", "node.example.org"], "https://node.example.org:63262"],
])("a node with --host=%s and the names %j is called %s by others", (httpHost, allowHosts, url) => {
  expect(urlForOthers({ httpHost, allowHosts }, "https://127.0.0.1:63262", interfaces)).toBe(url);
});

it("a port that is the scheme's own is not written, and without an address there is no URL", () => {
  const options = { httpHost: "0.0.0.0", allowHosts: [] };
  expect(urlForOthers(options, "https://127.0.0.1", interfaces)).toBe("https://192.0.2.7");
  expect(urlForOthers(options, "https://127.0.0.1", {})).toBeUndefined();
});
