import { join, resolve } from "node:path";

export const defaultDataDir = "./data";

/** Files of a node. All are below `folder` and readable by their owner only. */
export interface NodePaths {
  readonly nodeId: number;
  /** `<datadir>/node-<id>`, absolute. */
  readonly folder: string;
  /** The encrypted account key. */
  readonly account: string;
  /** The passphrase of the account, if no other was given. */
  readonly passphrase: string;
  /** The key of the libp2p identity, which is independent of the account. */
  readonly peerKey: string;
  /** The database's folder. */
  readonly db: string;
  /** The lock file of the process that uses the folder. */
  readonly lock: string;
  /** The token that `Authorization: Bearer` must carry for the HTTP routes that change the node. */
  readonly adminToken: string;
  /** The certificate for HTTPS that the node has made, and its key. */
  readonly tlsCert: string;
  readonly tlsKey: string;
}

export function nodePaths(dataDir: string, nodeId: number): NodePaths {
  const folder = resolve(dataDir, `node-${nodeId}`);
  return {
    nodeId,
    folder,
    account: join(folder, "account.json"),
    passphrase: join(folder, "passphrase"),
    peerKey: join(folder, "peer.key"),
    db: join(folder, "db"),
    lock: join(folder, "lock"),
    adminToken: join(folder, "admin-token"),
    tlsCert: join(folder, "tls-cert.pem"),
    tlsKey: join(folder, "tls-key.pem"),
  };
}
