import type { SecurityProfile } from '../../model/security.ts';
import type { ComponentCatalog } from '../components/facts.ts';
import type { InventoryDraft } from '../draft.ts';
import type { Outline } from '../outline.ts';
import type { Problem, Path } from '../position.ts';

export interface CheckInput {
  readonly draft: InventoryDraft;
  readonly outline: Outline;
  /** Kubernetes versions that can be installed, newest first; undefined: any. */
  readonly knownVersions: readonly string[] | undefined;
  /** What the components of each version accept. */
  readonly components: ComponentCatalog;
  /** What the cluster is if the inventory does not say. */
  readonly profile: SecurityProfile;
  /** 1-based line of a value. */
  readonly lineOf: (path: Path) => number;
}

/** A rule across several fields. It sees drafts, so it must not report anything that depends on a missing value. */
export type Check = (input: CheckInput) => Problem[];

/** ` (and 3 more hosts)`, or nothing. */
export function andMore(count: number): string {
  if (count <= 0) return '';
  return ` (and ${count} more ${count === 1 ? 'host' : 'hosts'})`;
}
