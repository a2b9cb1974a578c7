/** Named facts as short texts; a fact that is not named did not exist. */
export type Facts = Readonly<Record<string, string>>;

/** The inputs of a plan on the operator's side. */
export interface Ground {
  /** Version of kboot. */
  readonly kboot: string;
  /** SHA-256 of the versions and checksums that kboot has for this Kubernetes version. */
  readonly catalog: string;
  /** Fields of the inventory, with defaults filled in. */
  readonly inventory: Facts;
  /** SHA-256 of every template; the user's own replace kboot's. */
  readonly templates: Facts;
  /** SHA-256 of every file of the bundle; empty without one. */
  readonly bundle: Facts;
  /** Cluster ID and certificates in the state folder, by SHA-256. */
  readonly state: Facts;
}

/** The observed state of hosts, etcd and the API. */
export interface Sight {
  /** Facts and resources of each host; null if a host could not be read. */
  readonly hosts: Readonly<Record<string, Facts | null>>;
  readonly etcd: Facts;
  readonly api: Facts;
}

export type Basis = Ground & Sight;

/** One fact that changed; undefined: it did not exist, or does not exist now. */
export interface Change {
  /** `inventory`, `template`, a host's name … */
  readonly where: string;
  readonly what: string;
  readonly was: string | undefined;
  readonly now: string | undefined;
}

/** What changed on the operator's side. */
export function groundChanges(was: Ground, now: Ground): Change[] {
  return [
    ...factChanges(
      'kboot',
      { version: was.kboot, catalog: was.catalog },
      { version: now.kboot, catalog: now.catalog },
    ),
    ...factChanges('inventory', was.inventory, now.inventory),
    ...factChanges('template', was.templates, now.templates),
    ...bundleChanges(was.bundle, now.bundle),
    ...factChanges('state folder', was.state, now.state),
  ];
}

/** Changes on hosts that were read both times or only now, in etcd, and in the API. */
export function sightChanges(was: Sight, now: Sight): Change[] {
  const names = [...new Set([...Object.keys(was.hosts), ...Object.keys(now.hosts)])];
  return [
    ...names.flatMap((name) => hostChanges(name, was.hosts[name], now.hosts[name])),
    ...factChanges('etcd', was.etcd, now.etcd),
    ...factChanges('API', was.api, now.api),
  ];
}

/** Hosts that were read for the plan and cannot be read now. */
export function lostHosts(was: Sight, now: Sight): string[] {
  return Object.keys(was.hosts).filter((name) => was.hosts[name] !== null && now.hosts[name] === null);
}

function hostChanges(name: string, was: Facts | null | undefined, now: Facts | null | undefined): Change[] {
  if (now === null) return [];
  if (was === null) return [{ where: name, what: 'the host', was: 'could not be read', now: 'answers' }];
  return factChanges(name, was ?? {}, now ?? {});
}

/** An added or removed bundle is one change, not one per file. */
function bundleChanges(was: Facts, now: Facts): Change[] {
  const count = (facts: Facts): string | undefined =>
    Object.keys(facts).length === 0 ? undefined : `${Object.keys(facts).length} files`;
  if (count(was) === undefined || count(now) === undefined)
    return factChanges('bundle', named('the bundle', count(was)), named('the bundle', count(now)));
  return factChanges('bundle', was, now);
}

const named = (name: string, fact: string | undefined): Facts => (fact === undefined ? {} : { [name]: fact });

function factChanges(where: string, was: Facts, now: Facts): Change[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return names
    .filter((name) => was[name] !== now[name])
    .map((name) => ({ where, what: name, was: was[name], now: now[name] }));
}

/** Every leaf of JSON-shaped data by its path; list members with a name have that name in the path. */
export function leaves(value: unknown, path = ''): Facts {
  return Object.fromEntries(walk(value, path));
}

function walk(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value)]];
  const members = Array.isArray(value)
    ? value.map((item: unknown, index) => [`${path}[${nameOf(item) ?? index}]`, item] as const)
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [path === '' ? key : `${path}.${key}`, item as unknown] as const);
  if (members.length === 0) return [[path, Array.isArray(value) ? '[]' : '{}']];
  return members.flatMap(([name, item]) => walk(item, name));
}

function nameOf(item: unknown): string | undefined {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  return typeof name === 'string' ? name : undefined;
}
