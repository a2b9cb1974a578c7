import type { Duplex, Readable, Writable } from 'node:stream';

/** Counted per host; `--stats` prints it. Seconds are wall time. */
export interface TransportStats {
  connections: number;
  execs: number;
  forwards: number;
  bytesUp: number;
  bytesDown: number;
}

export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** null: the process ended by a signal or the channel closed without a status. */
  readonly exitCode: number | null;
}

/** What observers get: it can read and nothing else. */
export interface Reader {
  readonly host: string;
  readonly stats: Readonly<TransportStats>;
  /**
   * Runs a POSIX shell script as root, the script itself over stdin (never in argv).
   * The script must only read. One exec.
   * Throws KbootError E-SUDO, E-TIMEOUT, E-CONNECT; a non-zero exit is a result, not an error.
   */
  read(script: string, options: { readonly timeoutMs: number }): Promise<ScriptResult>;
  /** A TCP stream from the host to `address:port`, for the Kubernetes API. Not an exec. */
  forward(address: string, port: number): Promise<Duplex>;
}

/** A program running as root on the host, its three streams and its end. */
export interface RootProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once: exit code, or null with the channel gone. Never rejects. */
  readonly exit: Promise<number | null>;
  /** Closes the channel; the far process sees the end of its stdin. */
  kill(): void;
}

/** What apply gets. Only apply may hold one. */
export interface Writer extends Reader {
  /**
   * Starts `command` (fixed text without secrets: it shows in `ps`) as root through sh.
   * The promise resolves once root was gained and stdin belongs to the command.
   */
  start(command: string): Promise<RootProcess>;
}

/** One connection to one host. */
export interface HostConnection {
  readonly reader: Reader;
  readonly writer: Writer;
  /** Ends the connection; safe to call twice. */
  close(): Promise<void>;
}

/** Asks the operator for a secret; undefined where there is no terminal to ask on. */
export type AskSecret = (question: string) => Promise<string | undefined>;

export interface ConnectOptions {
  readonly connectTimeoutMs: number;
  /** known_hosts files to read, in order. */
  readonly knownHostsFiles: readonly string[];
  readonly askSecret: AskSecret;
  /** sudo password given beforehand (environment KBOOT_SUDO_PASSWORD), if any. */
  readonly sudoPassword?: string;
  /** SSH password given beforehand (environment KBOOT_SSH_PASSWORD), if any. */
  readonly sshPassword?: string;
  /** SSH_AUTH_SOCK */
  readonly agentSocket?: string;
}
