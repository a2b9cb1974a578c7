import type { Remedy } from '../../model/language/text.ts';
import type { CheckName } from '../../model/preflight-checks.ts';

/** One requirement that a host does not meet. Names are kubeadm's where kubeadm has the check. */
export interface Finding extends Remedy {
  /** For `spec.preflight.ignore` and `--ignore-preflight`. */
  readonly check: CheckName;
  readonly level: 'error' | 'warning';
  readonly host: string;
  readonly message: string;
}

/** A finding as JSON has it: English. */
export function inEnglish({ check, level, host, message, remedy }: Finding): Omit<Finding, 'remedyText'> {
  return { check, level, host, message, remedy };
}
