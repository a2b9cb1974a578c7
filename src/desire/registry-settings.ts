import type { RegistryLayout } from './registry-layout.ts';

/** How a registry was reached. */
export interface RegistryAccess {
  readonly plainHttp: boolean;
  readonly anyCertificate: boolean;
  readonly caFile: string | undefined;
  /** Absent: without a login. */
  readonly login: { readonly username: string; readonly passwordFile: string | undefined } | undefined;
}

/** The environment variable with the password of a registry. */
export const passwordVariable = 'KBOOT_REGISTRY_PASSWORD';

interface Reached {
  readonly skipVerify?: true;
  readonly caFile?: string;
  readonly credentials?: Readonly<Record<string, string>>;
}
interface Mirror extends Reached {
  readonly url: string;
  readonly overridePath?: true;
}

/** The part of an inventory's `spec` with which nodes pull images from where registryLayout puts them. */
export interface RegistrySettings {
  readonly imageRepository?: string;
  readonly containerd?: {
    readonly registries: readonly (Omit<Reached, 'skipVerify'> & {
      readonly host: string;
      readonly mirrors?: readonly Mirror[];
    })[];
  };
}

/** The settings for a registry, HOST[:PORT][/PATH]. They name the login with which it was filled; one that may pull is enough. */
export function registrySettings(
  { mirrors, hasOwn }: Pick<RegistryLayout, 'mirrors' | 'hasOwn'>,
  registry: string,
  { plainHttp, anyCertificate, caFile, login }: RegistryAccess,
): RegistrySettings {
  const [host = ''] = registry.split('/');
  const origin = `${plainHttp ? 'http' : 'https'}://${host}`;
  const reached: Omit<Reached, 'skipVerify'> = {
    ...(caFile !== undefined && !plainHttp && { caFile }),
    ...(login && { credentials: credentialsOf(login) }),
  };
  const insecure = anyCertificate && !plainHttp ? ({ skipVerify: true } as const) : {};
  const own =
    plainHttp || anyCertificate
      ? { host, mirrors: [{ url: origin, ...insecure, ...reached }] }
      : { host, ...reached };
  const others = [...mirrors].map(([of, path]) => ({
    host: of,
    mirrors: [{ url: `${origin}/v2/${path}`, overridePath: true as const, ...insecure, ...reached }],
  }));
  const registries = [...(hasOwn && Object.keys(own).length > 1 ? [own] : []), ...others];
  return {
    ...(hasOwn && { imageRepository: registry }),
    ...(registries.length > 0 && { containerd: { registries } }),
  };
}

function credentialsOf({
  username,
  passwordFile,
}: NonNullable<RegistryAccess['login']>): Readonly<Record<string, string>> {
  return { username, ...(passwordFile === undefined ? { passwordEnv: passwordVariable } : { passwordFile }) };
}
