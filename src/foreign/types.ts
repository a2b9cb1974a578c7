import type { InventoryField } from '../inventory/field.ts';
import type { Role } from '../model/cluster.ts';

/** Where something stands in a file of another tool; 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A key of another tool's file, and what became of it. Never its value, which may be a secret. */
export interface SeenKey {
  /** `ansible_host`, `spec.k0s.version` */
  readonly key: string;
  readonly at: Place;
  /** The field of the inventory, for people: `spec.hosts[].ssh.user`. Absent: it was not taken over. */
  readonly became?: string;
  /** Why it was not taken over, or in which way the field differs. */
  readonly why?: string;
}

/** How SSH reaches a host, as far as the file states it. */
export interface ForeignSsh {
  readonly address?: string;
  readonly user?: string;
  readonly port?: number;
  /** As it was written: a relative path is relative to the current folder. */
  readonly identityFile?: string;
  readonly hostKey?: string;
  readonly bastion?: ForeignBastion;
}

export type ForeignBastion = Omit<ForeignSsh, 'bastion' | 'address'> & { readonly address: string };

/** A machine of another tool's file. */
export interface ForeignHost {
  readonly at: Place;
  /** Absent: it has none, or its address is its name. */
  readonly name?: string;
  /** Absent: not stated. */
  readonly roles?: readonly Role[];
  /** Words from which a role can be guessed: names, groups, tags. */
  readonly hints: readonly string[];
  /** Node address, "v4,v6" for dual-stack. Absent: not stated. */
  readonly address?: string;
  readonly ssh: ForeignSsh;
  /** It is the machine that runs kboot. */
  readonly isLocal: boolean;
  /** Other fields of the host; their paths begin inside it: `['labels', 'zone']`. */
  readonly fields: readonly ForeignField[];
}

/** A field that is taken over, and the key that it is from. */
export interface ForeignField extends InventoryField {
  readonly key: string;
  readonly at: Place;
}

/** What another tool's file says. */
export interface Foreign {
  /** `an Ansible inventory` */
  readonly what: string;
  /** Name of the cluster. */
  readonly name?: string;
  readonly hosts: readonly ForeignHost[];
  /** Fields of the whole cluster; a path that ends in `-1` is one more item of a list. */
  readonly fields: readonly ForeignField[];
  /** Every key that was seen, in order. */
  readonly keys: readonly SeenKey[];
  /** What was assumed because the file does not state it, as sentences. */
  readonly guesses: readonly string[];
}
