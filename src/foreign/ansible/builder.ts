import type { Place } from '../types.ts';

/** A variable where it is defined. */
export interface Variable {
  readonly value: unknown;
  readonly at: Place;
}

/** A group, as one or several files have it. */
export interface Group {
  readonly name: string;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly vars: Map<string, Variable>;
  /** Where it stands first; undefined: nowhere, as `all`. */
  at: Place | undefined;
}

/** A host of an inventory. */
export interface Host {
  readonly name: string;
  readonly at: Place;
  readonly vars: Map<string, Variable>;
}

/** An inventory of Ansible as it is read, entry by entry. */
export class InventoryBuilder {
  readonly groups = new Map<string, Group>();
  readonly hosts = new Map<string, Host>();
  /** Every variable with its place, in order. */
  readonly seen: { readonly name: string; readonly at: Place }[] = [];

  constructor() {
    this.group('all').children.add('ungrouped');
    this.group('ungrouped');
  }

  group(name: string, at?: Place): Group {
    const known = this.groups.get(name);
    if (known !== undefined) {
      known.at ??= at;
      return known;
    }
    const made: Group = { name, hosts: new Set(), children: new Set(), vars: new Map(), at };
    this.groups.set(name, made);
    return made;
  }

  /** A host in a group; what else is known of it stays. A port counts where the host stands first, as for Ansible. */
  host(name: string, group: string, at: Place, port?: number): Host {
    this.group(group).hosts.add(name);
    const known = this.hosts.get(name);
    if (known !== undefined) return known;
    const host: Host = { name, at, vars: new Map() };
    this.hosts.set(name, host);
    if (port !== undefined) this.set(host, 'ansible_port', port, at);
    return host;
  }

  /** Sets a variable; the last one of a name wins. */
  set(owner: Group | Host, name: string, value: unknown, at: Place): void {
    this.seen.push({ name, at });
    owner.vars.set(name, { value, at });
  }
}
