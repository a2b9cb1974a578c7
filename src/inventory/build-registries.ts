import type { Registry, RegistryLogin } from '../model/cluster.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';

type Stated = NonNullable<NonNullable<Inventory['spec']['containerd']>['registries']>[number];

/** The registries of a validated inventory. */
export function buildRegistries(stated: readonly Stated[], folders: Folders): Registry[] {
  const common = ({
    caFile,
    credentials,
  }: Pick<Stated, 'caFile' | 'credentials'>): Pick<Registry, 'caFile' | 'credentials'> => ({
    ...given('caFile', caFile && absolutePath(caFile, folders)),
    ...given('credentials', credentials && login(credentials, folders)),
  });
  return stated.map((registry) => ({
    host: registry.host,
    mirrors: (registry.mirrors ?? []).map((mirror) => ({
      url: mirror.url,
      capabilities: mirror.capabilities ?? defaults.mirrorCapabilities,
      skipVerify: mirror.skipVerify ?? false,
      overridePath: mirror.overridePath ?? false,
      ...common(mirror),
    })),
    ...common(registry),
  }));
}

function login(
  { username, passwordFile, passwordEnv }: NonNullable<Stated['credentials']>,
  folders: Folders,
): RegistryLogin {
  return {
    username,
    password:
      passwordFile === undefined ? { env: passwordEnv ?? '' } : { file: absolutePath(passwordFile, folders) },
  };
}
