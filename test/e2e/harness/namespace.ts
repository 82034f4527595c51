import { networkInterfaces } from "node:os";

/** @throws if nodes of these tests could reach, or be reached by, anything else */
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

/** True for the addresses that `lab.ts` assigns, and those that the kernel makes for its links. */
function isLab(address: string): boolean {
  return address.startsWith("10.77.") || address.startsWith("fe80:");
}
