import type { JsonObject, Registry, RegistryLogin } from '../../model/cluster.ts';
import { holdsSecret } from '../../model/secret-value.ts';
import { statedName } from '../../resource/upload-name.ts';
import { namedPassword, namedText } from './named.ts';
import { paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

const field = 'spec.containerd.registries';

/*
 * Logins. containerd sends the header Authorization of hosts.toml with each request to that host; a registry with basic
 * authentication accepts it. From 2.1 on (https://github.com/containerd/containerd/pull/11092) the header also goes to
 * the token server that a registry names, so Docker Hub, Harbor and GitLab give a token for it: seen with 2.2.7 for both
 * kinds of registry. Before 2.1 the token is asked for anonymously and refused (seen with 1.6.20); there, the login is
 * also in config.toml, in registry.configs.HOST.auth, which is deprecated but supported in all of 1.x and 2.x
 * (docs/cri/registry.md). imagePullSecrets of a Pod still work: the kubelet passes them with the request.
 */

/** Whether containerd takes logins from hosts.toml alone. */
const takesHeaders = (version: string): boolean => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 1);
};

/** Folder of a registry: docs/hosts.md; on Unix, a port stays as it is. */
export const registryFolder = (host: string): string => `${paths.registries}/${host}`;

/** hosts.toml of each registry of the inventory, and its CAs beside it. containerd reads them for every pull. */
export function registryFiles(context: TextContext): readonly HostText[] {
  return (context.cluster.containerd.registries ?? []).flatMap((registry) => {
    const { host, caFile, credentials, mirrors } = registry;
    const cas: HostText[] = [];
    const ca = (file: string | undefined, name: string): string => {
      if (file === undefined) return '';
      const path = `${registryFolder(host)}/${name}`;
      cas.push({ path, mode: 0o644, text: namedText(context, file, field) });
      return path;
    };
    const login = (of: RegistryLogin | undefined): string => (of === undefined ? '' : basic(context, of));
    const text = context.renderer.render('containerd/hosts.toml.hbs', {
      ca: ca(caFile, 'kboot-ca.crt'),
      authorization: login(credentials),
      mirrors: mirrors.map((mirror, index) => ({
        url: mirror.url,
        capabilities: [...mirror.capabilities],
        skipVerify: mirror.skipVerify,
        overridePath: mirror.overridePath,
        ca: ca(mirror.caFile, `kboot-mirror-${index + 1}.crt`),
        authorization: login(mirror.credentials),
      })),
    });
    const path = `${registryFolder(host)}/hosts.toml`;
    return [
      ...cas,
      loginsOf(registry).length === 0 && !holdsSecret(text)
        ? { path, mode: 0o644, text }
        : { path, mode: 0o600, text, secret: statedName('containerd.registries', host) },
    ];
  });
}

/** The table registry.configs for a containerd that needs the logins there; undefined if it does not. */
export function registryAuths(context: TextContext): JsonObject | undefined {
  const logins = (context.cluster.containerd.registries ?? []).flatMap(loginsOf);
  if (logins.length === 0 || takesHeaders(context.versions.containerd)) return undefined;
  return Object.fromEntries(
    logins.map(({ server, login }) => [
      server,
      { auth: { username: login.username, password: passwordOf(context, login) } },
    ]),
  );
}

/** The hosts that a registry's logins are for, as containerd connects to them. */
function loginsOf(registry: Registry): { readonly server: string; readonly login: RegistryLogin }[] {
  const own = registry.host === 'docker.io' ? 'registry-1.docker.io' : registry.host;
  const all = [
    { server: own, login: registry.credentials },
    ...registry.mirrors.map(({ url, credentials }) => ({ server: new URL(url).host, login: credentials })),
  ];
  return all.flatMap(({ server, login }) => (login === undefined ? [] : [{ server, login }]));
}

function basic(context: TextContext, login: RegistryLogin): string {
  return `Basic ${Buffer.from(`${login.username}:${passwordOf(context, login)}`).toString('base64')}`;
}

function passwordOf(context: TextContext, { password }: RegistryLogin): string {
  return namedPassword(context, password, field);
}
