export interface RunningNode {
  /** The base URL of the HTTP interface. */
  readonly url: string;
  /** The command that lets another machine join, once there is a genesis block. */
  readonly joinLine: string | undefined;
  /**
   * Resolves to 0 once every port and file is closed after `stop`. If the node ended by itself, it rejects with the
   * reason once everything is closed.
   */
  exitCode: Promise<number>;
  /** Resolves once every port and file is closed. */
  stop(reason: string): Promise<void>;
}
