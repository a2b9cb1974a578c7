import type { Draft } from '../draft.ts';
import { describePath, error, warning, type Path, type Problem } from '../position.ts';
import type { Inventory } from '../schema.ts';
import type { Check } from './check.ts';

type DraftRegistry = Draft<NonNullable<NonNullable<Inventory['spec']['containerd']>['registries']>[number]>;

const at: Path = ['spec', 'containerd', 'registries'];

/** Plugins of containerd 2.x and 1.x whose table `registry` is for all registries. */
const plugins = ['io.containerd.cri.v1.images', 'io.containerd.grpc.v1.cri'];

export const registriesAreSound: Check = ({ draft, lineOf }) => {
  const registries = draft.spec?.containerd?.registries ?? [];
  const seen = new Map<string, Path>();
  return [
    ...registries.flatMap((registry, index) => {
      if (registry === undefined) return [];
      const path = [...at, index];
      const found = [...loginProblems(registry, path), ...emptiness(registry, path)];
      const host = [...path, 'host'];
      const first = registry.host === undefined ? undefined : seen.get(registry.host);
      if (first !== undefined)
        found.push(
          error(
            host,
            `${describePath(host)} ${registry.host ?? ''} is already listed (line ${lineOf(first)})`,
          ),
        );
      else if (registry.host !== undefined) seen.set(registry.host, host);
      return found;
    }),
    ...(registries.length === 0 ? [] : rivals(draft.spec?.containerd?.config)),
  ];
};

function loginProblems(registry: DraftRegistry, path: Path): Problem[] {
  const found: Problem[] = [];
  const say = (make: typeof error, place: Path, message: string): void => {
    found.push({ ...make(place, `${describePath(place)} ${message}`), at: 'key' });
  };
  if (registry.host === '_default' && registry.credentials !== undefined)
    say(
      error,
      [...path, 'credentials'],
      'would be sent to every registry; give them to a mirror, or to a registry by its name',
    );
  const logins = [
    { login: registry.credentials, where: path, url: undefined },
    ...(registry.mirrors ?? []).map((mirror, index) => ({
      login: mirror?.credentials,
      where: [...path, 'mirrors', index],
      url: mirror?.url,
    })),
  ];
  for (const { login, where, url } of logins) {
    if (login === undefined) continue;
    const place = [...where, 'credentials'];
    if ('passwordFile' in login === 'passwordEnv' in login)
      say(error, place, 'must have either passwordFile or passwordEnv');
    if (url?.startsWith('http:') === true) say(warning, place, `are sent unencrypted to ${url}`);
  }
  return found;
}

function emptiness({ host, mirrors = [], ...rest }: DraftRegistry, path: Path): Problem[] {
  if (mirrors.length > 0 || 'caFile' in rest || 'credentials' in rest) return [];
  return [error(path, `${describePath(path)} ${host ?? ''} needs mirrors, caFile or credentials`)];
}

/** Fields of spec.containerd.config with which containerd ignores hosts.toml, or does not start. */
function rivals(config: unknown): Problem[] {
  return plugins.flatMap((plugin) => {
    const table = ['plugins', plugin, 'registry'].reduce(memberOf, config);
    return ['config_path', 'mirrors'].flatMap((key): Problem[] => {
      if (memberOf(table, key) === undefined) return [];
      const path = ['spec', 'containerd', 'config', 'plugins', plugin, 'registry', key];
      const message = `${describePath(path)} cannot be combined with spec.containerd.registries; remove one of them`;
      return [{ ...error(path, message), at: 'key' }];
    });
  });
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
