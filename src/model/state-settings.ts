/** How the state folder on the operator's machine is kept. */
export interface StateSettings {
  /** Public keys of age that can decrypt; empty: everybody who knows the passphrase. */
  readonly recipients: readonly string[];
  /** Private keys in the state folder are encrypted. */
  readonly encryptKeys: boolean;
  /** Absolute path of the file that `kboot state push` writes; absent: the command line names it. */
  readonly copy?: string;
}

/** How the copy and the state folder compare. */
export type CopyComparison =
  /** There is no copy yet. */
  | 'absent'
  | 'same'
  /** The folder has changed since: push. */
  | 'folder-changed'
  /** The copy has changed since: pull. */
  | 'copy-changed'
  | 'both-changed'
  /** This folder has never been pushed there or pulled from there. */
  | 'unrelated'
  /** Only whom it is encrypted for differs from spec.state.recipients. */
  | 'recipients-changed';
