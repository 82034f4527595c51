import type { AnyProtocol } from "../../../protocols/index.ts";
import * as protocols from "../../../protocols/index.ts";

/** Every request/response descriptor that `protocols/` exports. */
export const allProtocols: AnyProtocol[] = Object.values(protocols).filter(
  (value): value is AnyProtocol => typeof value === "object" && value !== null && "quota" in value,
);
