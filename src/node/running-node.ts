/** The facts that people need to open an interface that is served by HTTPS. */
export interface HttpsPlace {
  /** SHA-256 of the certificate, such as `AB:CD:…`. */
  fingerprint: string;
  /** The base URL on other machines, if they reach it. */
  urlForOthers: string | undefined;
}

export interface RunningNode {
  /** The base URL of the HTTP interface. */
  readonly url: string;
  readonly https: HttpsPlace | undefined;
  /** The command that lets another machine join, once there is a genesis block. */
  readonly joinLine: string | undefined;
  /**
   * Resolves to 0 once every port and file is closed after `stop`. If the node ended by itself, it rejects with the
   * reason once everything is closed.
   */
  exitCode: Promise<number>;
  /** Reads the files of the HTTPS certificate anew. */
  reload(): Promise<void>;
  /** Resolves once every port and file is closed. */
  stop(reason: string): Promise<void>;
}
