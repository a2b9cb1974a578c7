/** One requirement that a host does not meet. Names are kubeadm's where kubeadm has the check. */
export interface Finding {
  /** For `spec.preflight.ignore` and `--ignore-preflight`. */
  readonly check: string;
  readonly level: 'error' | 'warning';
  readonly host: string;
  readonly message: string;
  readonly remedy: string;
  /** To pass over it may cost a cluster: `all` does not, and no text leads there. */
  readonly grave?: true;
}
