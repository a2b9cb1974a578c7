import type { SeenKey } from '../foreign/types.ts';

/** Keys with one outcome. */
export interface KeyGroup {
  /** One line for each file: `hosts.ini: ansible_host (3 and 4 more), ansible_user (12)` */
  readonly places: readonly string[];
  readonly became: string;
  readonly why: string;
}

/** Keys by what became of them: taken over by field, left by reason, both in the order in which they were seen. */
export function grouped(keys: readonly SeenKey[]): {
  readonly taken: readonly KeyGroup[];
  readonly left: readonly KeyGroup[];
} {
  const groups = new Map<string, { became: string; why: string; seen: SeenKey[] }>();
  for (const seen of keys) {
    const { became = '', why = '' } = seen;
    const id = JSON.stringify([became, why]);
    const group = groups.get(id) ?? { became, why, seen: [] };
    groups.set(id, group);
    group.seen.push(seen);
  }
  const all = [...groups.values()].map(({ became, why, seen }) => ({ became, why, places: placesOf(seen) }));
  return {
    taken: all.filter(({ became }) => became !== ''),
    left: all.filter(({ became }) => became === ''),
  };
}

function placesOf(seen: readonly SeenKey[]): readonly string[] {
  const files = new Map<string, Map<string, Set<number>>>();
  for (const { key, at } of seen) {
    const keys = files.get(at.file) ?? new Map<string, Set<number>>();
    files.set(at.file, keys);
    const lines = keys.get(key) ?? new Set<number>();
    keys.set(key, lines);
    lines.add(at.line);
  }
  return [...files].map(([file, keys]) => {
    const each = [...keys].map(([key, lines]) => {
      const [first = 0] = lines;
      return `${key} (${first}${lines.size > 1 ? ` and ${lines.size - 1} more` : ''})`;
    });
    return `${file}: ${each.join(', ')}`;
  });
}
