/** One local part of the stack (Postgres, Kafka, KMS, OIDC). */
export interface Part {
  /** Undefined while it is stopped. */
  readonly pid: number | undefined;
  logFile: string;
  /** Orderly; resolves when the process is gone. */
  stop(): Promise<void>;
  /** Again, on the same port and data, also after its process was killed. Does nothing while it runs. */
  start(): Promise<void>;
  /** Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
}
