import { wholeOf } from '../values.ts';
import type { Group, InventoryBuilder } from './builder.ts';

const maxDepth = 100;

/** What is in what, among the groups of an inventory. */
export class GroupTree {
  private readonly groups: ReadonlyMap<string, Group>;
  private readonly parents = new Map<string, string[]>();
  private readonly depths = new Map<string, number>();
  private readonly homes = new Map<string, string[]>();

  /** `loopIn` must have found nothing. */
  constructor({ groups }: InventoryBuilder) {
    this.groups = groups;
    for (const group of groups.values()) {
      for (const child of group.children) push(this.parents, child, group.name);
      for (const host of group.hosts) push(this.homes, host, group.name);
    }
    // A group without a parent is a child of all.
    for (const name of groups.keys())
      if (name !== 'all' && !this.parents.has(name)) this.parents.set(name, ['all']);
    for (const name of groups.keys()) this.depth(name);
  }

  /** Groups of a host in the order in which their variables apply: ancestors first, then by priority, then by name. */
  of(host: string): readonly Group[] {
    const found = new Set<string>(['all']);
    const add = (name: string): void => {
      if (found.has(name)) return;
      found.add(name);
      for (const parent of this.parents.get(name) ?? []) add(parent);
    };
    for (const name of this.homes.get(host) ?? []) add(name);
    // A host that is in a group is not ungrouped, whatever the file says.
    if (found.size > 2) found.delete('ungrouped');
    if (found.size === 1) add('ungrouped');
    return [...found]
      .flatMap((name) => this.groups.get(name) ?? [])
      .sort((one, other) => this.order(one, other));
  }

  /** Groups that list a host themselves. */
  directly(host: string): readonly string[] {
    return this.homes.get(host) ?? [];
  }

  private order(one: Group, other: Group): number {
    const by = ({ name, vars }: Group): readonly [number, number] => [
      this.depths.get(name) ?? 0,
      wholeOf(vars.get('ansible_group_priority')?.value) ?? 1,
    ];
    const [depth, priority] = by(one);
    const [itsDepth, itsPriority] = by(other);
    return depth - itsDepth || priority - itsPriority || (one.name < other.name ? -1 : 1);
  }

  /** Length of the longest way from `all`. */
  private depth(name: string): number {
    const known = this.depths.get(name);
    if (known !== undefined) return known;
    const above = this.parents.get(name) ?? [];
    const depth = above.length === 0 ? 0 : 1 + Math.max(...above.map((parent) => this.depth(parent)));
    this.depths.set(name, depth);
    return depth;
  }
}

function push(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Why the groups cannot be a tree: one contains itself, or they are nested too deeply; undefined: they can. */
export function loopIn({ groups }: InventoryBuilder): string | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string | undefined => {
    if (path.includes(name))
      return `group ${name} contains itself: ${[...path.slice(path.indexOf(name)), name].join(' > ')}`;
    if (path.length > maxDepth) return `groups are nested more than ${maxDepth} levels deep`;
    if (done.has(name)) return undefined;
    for (const child of groups.get(name)?.children ?? []) {
      const loop = visit(child, [...path, name]);
      if (loop !== undefined) return loop;
    }
    done.add(name);
    return undefined;
  };
  for (const name of groups.keys()) {
    const loop = visit(name, []);
    if (loop !== undefined) return loop;
  }
  return undefined;
}
