/** A node as an attacker sees it. */
export interface JobTarget {
  readonly multiaddr: string;
  /** Of its HTTP interface, such as `http://10.77.1.10:63262`. */
  url: string;
}

/** What an attacker's process is told, as JSON on its command line. */
export interface Job {
  /** By name, all at once. */
  attacks: string[];
  /** Honest nodes. */
  targets: JobTarget[];
  /** A node that starts during the attack. */
  joiner: JobTarget;
  genesisId: string;
  /** SSZ of the genesis block. */
  genesisFile: string;
  /** Of this machine; what the attack does comes from all of them. */
  addresses: string[];
  /** Folder and number of the node whose key a coalition has. */
  authority: { dataDir: string; nodeId: number };
}

/** Of one peer id towards one node, ms since the Unix epoch. */
export interface Offence {
  id: string;
  node: number;
  /** When it first did what the node can prove. */
  atMs: number;
  /** When it was not connected any more. */
  closedMs?: number;
  /** It closed the connection itself. */
  left?: boolean;
}

/** What an attacker's process says, a line of JSON each second: by the attack's name. */
export type Reports = Record<string, Report>;

export interface Report {
  counts: Record<string, number>;
  offences: Offence[];
}
