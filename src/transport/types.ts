import type { Duplex, Readable, Writable } from 'node:stream';

/** Per-host counters, printed by `--stats`. */
export interface TransportStats {
  connections: number;
  execs: number;
  forwards: number;
  bytesUp: number;
  bytesDown: number;
  /** CPU time on the host of scripts that only read. */
  cpuSeconds?: number;
}

export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** null: a signal killed the process, or the channel closed without a status. */
  readonly exitCode: number | null;
}

/** What an answer may take, by this machine's clock and memory. */
export interface ReadLimits {
  readonly timeoutMs: number;
  /** Bytes of its output; default: 8 MiB. */
  readonly maxBytes?: number;
}

/** Read-only access to a host, for observers. */
export interface Reader {
  readonly host: string;
  readonly stats: Readonly<TransportStats>;
  /**
   * Runs a POSIX shell script as root, the script itself over stdin (never in argv).
   * The script must only read. One exec.
   * Throws KbootError E-SUDO, E-TIMEOUT, E-CONNECT, and E-PROBE for an answer that is too long; a non-zero exit is a result, not an error.
   */
  read(script: string, limits: ReadLimits): Promise<ScriptResult>;
  /** A TCP stream from the host to `address:port`, for the Kubernetes API. Not an exec. */
  forward(address: string, port: number): Promise<Duplex>;
}

/** A program running as root on the host: its three streams and its exit. */
export interface RootProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once: the exit code, or null if the channel was lost. Never rejects. */
  readonly exit: Promise<number | null>;
  /** Closes the channel; the remote process gets EOF on its stdin. */
  kill(): void;
}

/** Write access to a host. Only apply may hold one. */
export interface Writer extends Reader {
  /**
   * Starts `command` (fixed text without secrets: it is visible in `ps`) as root through sh.
   * Resolves once the process is root and stdin belongs to the command.
   * `spare`: called if it had to end, because the host allows too few sessions for it and for what else has to run.
   */
  start(command: string, options?: { readonly spare?: () => void }): Promise<RootProcess>;
}

/** One connection to one host. */
export interface HostConnection {
  readonly reader: Reader;
  readonly writer: Writer;
  /** Closes the connection; safe to call twice. */
  close(): Promise<void>;
}

/** Asks the operator for a secret; undefined if there is no terminal to prompt on. */
export type AskSecret = (question: string) => Promise<string | undefined>;

export interface ConnectOptions {
  readonly connectTimeoutMs: number;
  /** known_hosts files to read, in order. */
  readonly knownHostsFiles: readonly string[];
  readonly askSecret: AskSecret;
  /** sudo password from the environment (KBOOT_SUDO_PASSWORD), if set. */
  readonly sudoPassword?: string;
  /** SSH password of the hosts from the environment (KBOOT_SSH_PASSWORD), if set; no bastion gets it. */
  readonly sshPassword?: string;
  /** SSH password of bastions from the environment (KBOOT_BASTION_PASSWORD), if set; no host gets it. */
  readonly bastionPassword?: string;
  /** SSH_AUTH_SOCK */
  readonly agentSocket?: string;
}
