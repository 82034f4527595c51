/** A node from the view of an attacker. */
export interface JobTarget {
  readonly multiaddr: string;
  /** Base URL of its HTTP interface, such as `http://10.77.1.10:63262`. */
  url: string;
}

/** The task of an attacker's process, as JSON on its command line. */
export interface Job {
  /** The names of the attacks, which run at once. */
  attacks: string[];
  /** The honest nodes. */
  targets: JobTarget[];
  /** A node that starts during the attack. */
  joiner: JobTarget;
  genesisId: string;
  /** The file with the SSZ encoding of the genesis block. */
  genesisFile: string;
  /** Addresses of this machine; the attack comes from all of them. */
  addresses: string[];
  /** The time for which the attack is measured. */
  seconds: number;
  /** Folder and number of the node whose key a coalition has. */
  authority: { dataDir: string; nodeId: number };
}

/** Offences of one peer id towards one node, ms since the Unix epoch. */
export interface Offence {
  id: string;
  node: number;
  /** When it first did what the node can prove. */
  atMs: number;
  /** When it was no longer connected. */
  closedMs?: number;
  /** True if it closed the connection itself. */
  left?: boolean;
}

/** The report of an attacker's process, a line of JSON each second: by the attack's name. */
export type Reports = Record<string, Report>;

export interface Report {
  counts: Record<string, number>;
  offences: Offence[];
}
