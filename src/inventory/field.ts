import type { Json } from '../model/cluster.ts';
import type { Path } from './position.ts';

/** A part of an inventory that kboot writes for somebody. */
export interface InventoryField {
  /** `['spec', 'etcd', 'dataDir']` */
  readonly path: Path;
  readonly value: Json;
  /** For the reader of the file: where it is from, and why it is stated. */
  readonly why?: string;
}
