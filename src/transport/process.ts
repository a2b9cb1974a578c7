import type { Readable, Writable } from 'node:stream';

/** A command that was started on a host as the login user; its streams must both be read. */
export interface Process {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once: exit code, or null with the channel gone. Never rejects. */
  readonly exit: Promise<number | null>;
  kill(): void;
}

/** How commands reach one host. */
export interface Launcher {
  /** The inventory's name of the host. */
  readonly host: string;
  /** The login user. */
  readonly user: string;
  /** The login user is root already. */
  readonly isRoot: boolean;
  /** Aborts once the host can no longer be talked to; its reason is an E-CONNECT. */
  readonly lost: AbortSignal;
  /** Runs `command` by the login user's shell, whichever that is. Throws E-CONNECT. */
  launch(command: string): Promise<Process>;
}
