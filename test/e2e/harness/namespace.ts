import { networkInterfaces } from "node:os";

/** @throws where nodes of these tests could find, or be found by, anything else. */
export function assertOwnNamespace(): void {
  const outside = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some(({ internal, address }) => !internal && !isLab(address)))
    .map(([name]) => name);
  if (outside.length > 0) {
    throw new Error(
      `these tests need a network of their own, but there is ${outside.join(", ")}: run npm run test:e2e`,
    );
  }
}

/** The addresses that `lab.ts` gives, and those that the kernel makes for its links. */
function isLab(address: string): boolean {
  return address.startsWith("10.77.") || address.startsWith("fe80:");
}
