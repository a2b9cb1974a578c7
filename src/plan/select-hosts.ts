import { nearest } from '../inventory/nearest.ts';
import type { Cluster, Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { lines, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** What a selector may name besides hosts, with the values of a host. */
const kinds = {
  role: ({ roles }: Host): readonly string[] => roles,
  label: ({ labels }: Host): readonly string[] =>
    Object.entries(labels).flatMap(([key, value]) => [key, `${key}=${value}`]),
  group: ({ upgradeGroup }: Host): readonly string[] => (upgradeGroup === undefined ? [] : [upgradeGroup]),
};

type Kind = keyof typeof kinds;

/** The hosts that a word selects, or why it selects none. */
type Found = { readonly hosts: ReadonlySet<string> } | { readonly problem: string };

/**
 * The names of the hosts that the words of `--limit` select, in the inventory's order; none for no words.
 * A word is a host, `w-*`, `role=ROLE`, `label=KEY=VALUE`, `label=KEY` or `group=GROUP` (of `upgradeGroup`); `!` before a
 * word takes its hosts out, of all hosts if every word does.
 * Throws KbootError E-USAGE for all words that select no host, and if no host is left: never the whole cluster by mistake.
 */
export function selectHosts(cluster: Cluster, words: readonly string[]): readonly string[] {
  if (words.length === 0) return [];
  const isOut = (word: string): boolean => word.startsWith('!');
  const found = words.map((word) => [word, find(cluster, isOut(word) ? word.slice(1) : word)] as const);
  const problems = [...new Set(found.flatMap(([, each]) => ('problem' in each ? [each.problem] : [])))];
  if (problems.length > 0)
    throw new KbootError('E-USAGE', `--limit: ${problems.join('; ')}`, { remedy: remedyOf(cluster) });
  const hosts = (out: boolean): ReadonlySet<string> =>
    new Set(found.flatMap(([word, each]) => (isOut(word) === out && 'hosts' in each ? [...each.hosts] : [])));
  const [chosen, left] = [hosts(false), hosts(true)];
  const names = cluster.hosts.map(({ name }) => name);
  const selected = names.filter((name) => (words.every(isOut) || chosen.has(name)) && !left.has(name));
  if (selected.length > 0) return selected;
  throw new KbootError('E-USAGE', `--limit ${words.join(' ')} leaves no host`, { remedy: remedyOf(cluster) });
}

function find({ hosts }: Cluster, word: string): Found {
  const select = (matches: (host: Host) => boolean, problem: () => string): Found => {
    const names = hosts.filter(matches).map(({ name }) => name);
    return names.length > 0 ? { hosts: new Set(names) } : { problem: problem() };
  };
  const [, kind, value = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
  if (isKind(kind))
    return select(
      (host) => kinds[kind](host).includes(value),
      () => `no host has the ${kind} ${value}${hint(value, valuesOf(kind, hosts), `${kind}=`)}`,
    );
  if (word.includes('*')) {
    const pattern = new RegExp(`^${word.replace(/[^\w*-]/g, '\\$&').replace(/\*+/g, '.*')}$`);
    return select(
      ({ name }) => pattern.test(name),
      () => `no host is named like ${word}`,
    );
  }
  return select(
    ({ name }) => name === word,
    () => `${word === '' ? 'an empty word' : word} is not a host of the inventory${meant(word, hosts)}`,
  );
}

function isKind(word: string | undefined): word is Kind {
  return word !== undefined && Object.hasOwn(kinds, word);
}

function valuesOf(kind: Kind, hosts: readonly Host[]): readonly string[] {
  return [...new Set(hosts.flatMap(kinds[kind]))];
}

function hint(word: string, candidates: readonly string[], before = ''): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `; did you mean ${before}${near}?`;
}

/** A role, a label or a group without its kind, or a misspelt word. */
function meant(word: string, hosts: readonly Host[]): string {
  const forms = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    valuesOf(kind, hosts).map((value) => `${kind}=${value}`),
  );
  const bare = forms.find((form) => form.slice(form.indexOf('=') + 1) === word);
  if (bare !== undefined) return `; did you mean ${bare}?`;
  return hint(word, [...hosts.map(({ name }) => name), ...forms]);
}

/** What there is to select. */
function remedyOf({ hosts }: Cluster): Text {
  const groups = valuesOf('group', hosts);
  const labels = valuesOf('label', hosts).filter((label) => label.includes('='));
  const lists = [
    [remedies.theHosts, hosts.map(({ name }) => name)],
    [remedies.theRoles, valuesOf('role', hosts)],
    [remedies.theLabels, labels],
    [remedies.theGroups, groups],
  ] as const;
  return lines(
    ...lists.map(([text, values]) => (values.length === 0 ? undefined : text({ names: few(values, 10) }))),
  );
}
