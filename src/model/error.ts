/** Exit statuses that users and CI rely on (README, "Exit status"). */
export const exitStatus = {
  done: 0,
  stepFailed: 1,
  changesPending: 2,
  badInput: 3,
  unreachable: 4,
  preflight: 5,
  stalePlan: 6,
  locked: 7,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Every error code: its exit status and what it means. `kboot explain` and the docs read this table. */
export const errorCodes = {
  'E-USAGE': { exit: exitStatus.badInput, title: 'The command line is not understood.' },
  'E-INVENTORY': { exit: exitStatus.badInput, title: 'The inventory has problems.' },
  'E-TEMPLATE': { exit: exitStatus.badInput, title: 'A template could not be rendered.' },
  'E-BUNDLE': {
    exit: exitStatus.badInput,
    title: 'The bundle is incomplete or a file differs from its sum.',
  },
  'E-STATE': { exit: exitStatus.badInput, title: 'The state folder cannot be used as it is.' },
  'E-PKI': { exit: exitStatus.badInput, title: 'A key or certificate cannot be used.' },
  'E-PLAN': { exit: exitStatus.badInput, title: 'The saved plan cannot be used.' },
  'E-CONNECT': { exit: exitStatus.unreachable, title: 'The host does not answer.' },
  'E-VAGRANT': { exit: exitStatus.unreachable, title: 'Vagrant does not say how to reach the machine.' },
  'E-HOST-KEY-UNKNOWN': { exit: exitStatus.unreachable, title: 'The SSH host key is not known yet.' },
  'E-HOST-KEY-CHANGED': { exit: exitStatus.unreachable, title: 'The SSH host key is not the known one.' },
  'E-AUTH': { exit: exitStatus.unreachable, title: 'The host refused every credential.' },
  'E-SUDO': { exit: exitStatus.unreachable, title: 'The user cannot become root.' },
  'E-TIMEOUT': { exit: exitStatus.unreachable, title: 'The host stopped answering.' },
  'E-PROBE': { exit: exitStatus.unreachable, title: "The host's state could not be read whole." },
  'E-PREFLIGHT': { exit: exitStatus.preflight, title: 'A host does not meet a requirement.' },
  'E-FOREIGN-CLUSTER': { exit: exitStatus.preflight, title: 'The host belongs to another cluster.' },
  'E-STEP': { exit: exitStatus.stepFailed, title: 'A step failed on a host.' },
  'E-WAIT': { exit: exitStatus.stepFailed, title: 'Something did not become ready in time.' },
  'E-KUBE-API': { exit: exitStatus.stepFailed, title: 'The Kubernetes API refused a request.' },
  'E-ETCD': { exit: exitStatus.stepFailed, title: 'etcd refused a request.' },
  'E-QUORUM': { exit: exitStatus.preflight, title: 'etcd has no quorum, or the change would cost it.' },
  'E-STALE': { exit: exitStatus.stalePlan, title: 'A host changed since the plan was made.' },
  'E-PLAN-STALE': {
    exit: exitStatus.stalePlan,
    title: 'What the saved plan was made from is no longer so.',
  },
  'E-LOCKED': { exit: exitStatus.locked, title: 'Another run holds the lock.' },
  'E-INTERRUPTED': { exit: exitStatus.interrupted, title: 'Interrupted.' },
} as const satisfies Record<string, { exit: ExitStatus; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorContext {
  readonly host?: string;
  readonly step?: string;
  readonly command?: string;
  /** Last lines of the command's stderr, or of the log that explains the failure. Never a secret. */
  readonly detail?: string;
  /** What the reader does next. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** The one error type that reaches users; everything else that surfaces is a defect of kboot. */
export class KbootError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, { cause: context.cause });
    this.name = 'KbootError';
    this.code = code;
    this.context = context;
  }

  get exit(): ExitStatus {
    return errorCodes[this.code].exit;
  }
}
