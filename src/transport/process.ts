import type { Readable, Writable } from 'node:stream';

/** A command started on a host as the login user; both output streams must be read. */
export interface Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once: the exit code, or null if the channel was lost. Never rejects. */
  readonly exit: Promise<number | null>;
  kill(): void;
}

/** How commands reach one host. */
export interface Launcher {
  /** The host's name in the inventory. */
  readonly host: string;
  /** The login user. */
  readonly user: string;
  /** Whether the login user is root. */
  readonly isRoot: boolean;
  /** Aborts when the host becomes unreachable; the reason is an E-CONNECT. */
  readonly lost: AbortSignal;
  /**
   * Runs `command` in the login user's shell, whichever that is. With `spare`, it is ended if the host allows no other session,
   * and `spare` is called. Throws E-CONNECT.
   */
  launch(command: string, spare?: () => void): Promise<Process>;
}
