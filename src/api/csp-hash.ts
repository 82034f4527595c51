import { createHash } from "node:crypto";

/**
 * The source in a content security policy that allows this inline script or style, and no other (CSP Level 3, 2.3.1).
 */
export function cspHash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
