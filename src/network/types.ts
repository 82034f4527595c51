export type { AnyProtocol, RequestContext, RequestHandler } from "../../protocols/index.ts";
export type * from "../../protocols/network.ts";
