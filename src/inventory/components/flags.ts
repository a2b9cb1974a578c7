import { error, warning, type Path, type Problem } from '../position.ts';
import type { ComponentCatalog, ComponentFlags, FlagComponent, FlagFacts, FlagType } from './facts.ts';
import { gateProblems } from './gates.ts';
import { nearest } from '../nearest.ts';
import { choiceProblem, flagValueProblem, isTrue } from './values.ts';
import { hintFor, kubernetes, whyNotIn } from './versions.ts';

interface Context {
  readonly catalog: ComponentCatalog;
  readonly minor: number;
  readonly isIgnored: boolean;
  readonly component: FlagComponent;
}

/** One flag as stated; a part that is missing or not valid is undefined. */
export interface StatedFlag {
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}

/** What is wrong with flags of a component, listed at `path`. */
export function flagProblems(
  flags: readonly (StatedFlag | undefined)[],
  path: Path,
  context: Context,
): Problem[] {
  return flags.flatMap((flag, index) =>
    flag?.name === undefined ? [] : problemsOf(flag.name, flag.value, [...path, index], context),
  );
}

function problemsOf(stated: string, value: string | undefined, path: Path, context: Context): Problem[] {
  const { component, catalog, minor } = context;
  const facts = catalog.flags();
  const own = facts[component];
  // The components of Kubernetes take _ for -.
  const name = component === 'etcd' ? stated : stated.replaceAll('_', '-');
  const at = [...path, 'name'];
  const of = `flag --${name} of ${component}`;
  const type = typeOf(name, own);
  if (type === undefined) {
    if (own.removed?.includes(name) === true) {
      const when = component === 'etcd' ? 'in etcd v3.6' : `before ${kubernetes(facts.oldest)}`;
      return [error(at, `${of} was removed ${when}; remove it`)];
    }
    const message = `${component} of ${kubernetes(minor)} has no flag --${name}`;
    return [error(at, message + hint(name, context))];
  }
  const gone = whyNotIn(minor, spanOf(name, own));
  if (gone !== undefined) return [error(at, `${of} ${gone}`)];
  const deprecatedSince = own.deprecated?.[name];
  const isDeprecated = deprecatedSince !== undefined && minor >= deprecatedSince;
  return [
    ...(isDeprecated
      ? [warning(at, `${of} is deprecated, and a later version of Kubernetes removes it`)]
      : []),
    ...(value === undefined ? [] : flagValueProblems(of, value, type, [...path, 'value'], context)),
  ];
}

/** `of`: what the flag is called in messages. */
function flagValueProblems(
  of: string,
  text: string,
  type: FlagType,
  path: Path,
  context: Context,
): Problem[] {
  const facts = context.catalog.flags();
  if (type === 'gates' || type === 'etcdGates')
    return split(text).flatMap((item) => gateItemProblems(of, item, type, path, context));
  if (type === 'plugins') return split(text).flatMap((name) => pluginProblems(name, path, facts, context));
  if (type === 'runtimeConfig')
    return split(text).flatMap((item) => apiVersionProblems(item, path, facts, context));
  if (type === 'authorizationModes') {
    return split(text).flatMap((mode) => {
      const problem = choiceProblem(mode, facts.authorizationModes);
      return problem === undefined ? [] : [error(path, `${of}: a mode ${problem}`)];
    });
  }
  const problem = flagValueProblem(text, type);
  return problem === undefined ? [] : [error(path, `${of} ${problem}`)];
}

function gateItemProblems(
  of: string,
  item: string,
  type: 'gates' | 'etcdGates',
  path: Path,
  { catalog, ...context }: Context,
): Problem[] {
  const [stated = '', setting = ''] = item.split('=');
  const value = isTrue(setting.trim());
  if (value === undefined) {
    const message = `${of}: a feature gate must be NAME=true or NAME=false, not "${item}"`;
    return [error(path, message)];
  }
  // kube-apiserver and others also take `kube:NAME=true`.
  const name = stated.trim().replace(/^kube:/, '');
  if (type === 'gates')
    return gateProblems(name, value, { ...context, path, gates: catalog.gates() }).map(atValue);
  const { etcdGates } = catalog.flags();
  if (etcdGates.includes(name)) return [];
  return [error(path, `etcd has no feature gate "${name}"${hintFor(name, etcdGates, context.isIgnored)}`)];
}

function pluginProblems(
  name: string,
  path: Path,
  { plugins, oldest }: FlagFacts,
  { minor, isIgnored }: Context,
): Problem[] {
  const { plain, since, removed } = plugins;
  if (plain.includes(name)) return [];
  if (removed.includes(name)) {
    return [error(path, `admission plugin ${name} was removed before ${kubernetes(oldest)}; remove it`)];
  }
  const later = Object.hasOwn(since, name) ? since[name] : undefined;
  if (later !== undefined) {
    const gone = whyNotIn(minor, { since: later });
    return gone === undefined ? [] : [error(path, `admission plugin ${name} ${gone}`)];
  }
  const known = [...plain, ...Object.keys(since)];
  return [
    error(path, `${kubernetes(minor)} has no admission plugin "${name}"${hintFor(name, known, isIgnored)}`),
  ];
}

/** `GROUP/VERSION=true`, also of one resource: `GROUP/VERSION/RESOURCE=true`. */
function apiVersionProblems(
  item: string,
  path: Path,
  { apiVersions }: FlagFacts,
  { minor }: Context,
): Problem[] {
  const [group = '', version = ''] = item.replace(/=.*$/, '').split('/');
  const name = `${group}/${version}`;
  const span = Object.hasOwn(apiVersions, name) ? apiVersions[name] : undefined;
  const gone = span === undefined ? undefined : whyNotIn(minor, span);
  return gone === undefined ? [] : [error(path, `API version ${name} ${gone}`)];
}

/** The items of a list in a flag; an empty text has none. */
function split(text: string): string[] {
  return text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
}

function atValue({ severity, path, message }: Problem): Problem {
  return { severity, path, message };
}

function typeOf(name: string, { flags }: ComponentFlags): FlagType | undefined {
  const found = Object.entries(flags).find(([, names]) => names.includes(name));
  return found?.[0] as FlagType | undefined;
}

function spanOf(name: string, { since, until }: ComponentFlags): { since?: number; until?: number } {
  const first = since?.[name];
  const last = until?.[name];
  return { ...(first === undefined ? {} : { since: first }), ...(last === undefined ? {} : { until: last }) };
}

function hint(name: string, { catalog, component, minor, isIgnored }: Context): string {
  const facts = catalog.flags();
  const known = Object.values(facts[component].flags)
    .flat()
    .filter((each) => whyNotIn(minor, spanOf(each, facts[component])) === undefined);
  if (nearest(name, known) !== undefined) return hintFor(name, known, isIgnored);
  const others = components.filter((each) => each !== component && typeOf(name, facts[each]) !== undefined);
  return others.length > 0 ? `; it is a flag of ${others.join(' and ')}` : hintFor(name, known, isIgnored);
}

const components: readonly FlagComponent[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'etcd',
];
