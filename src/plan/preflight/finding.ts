import type { CheckName } from '../../model/preflight-checks.ts';

/** One requirement that a host does not meet. Names are kubeadm's where kubeadm has the check. */
export interface Finding {
  /** For `spec.preflight.ignore` and `--ignore-preflight`. */
  readonly check: CheckName;
  readonly level: 'error' | 'warning';
  readonly host: string;
  readonly message: string;
  readonly remedy: string;
}
