import { parse, stringify } from 'smol-toml';
import type { Host, JsonObject } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { hasSecret, holdsSecret } from '../../model/secret-value.ts';
import { statedName } from '../../resource/upload-name.ts';
import { registryAuths } from './registries.ts';
import { cgroupDriver } from './kubelet.ts';
import { mergePatch } from './merge.ts';
import { criSocket, paths } from './paths.ts';
import { runtimeTables } from './runtimes.ts';
import type { HostText, TextContext } from './types.ts';
import { remedies } from '../remedies.ts';

/** containerd's configuration, only for root to read if the inventory states a secret in it, its unit, and crictl's configuration. */
export function containerdFiles(context: TextContext, host: Host): readonly HostText[] {
  const { cluster, renderer, versions } = context;
  const confidential =
    registryAuths(context) !== undefined ||
    [
      cluster.containerd.config,
      host.containerd?.config,
      ...(cluster.runtimes ?? []).map(({ options }) => options),
    ].some((config) => hasSecret(config));
  const config = containerdConfig(context, host);
  const file = (path: string, text: string): HostText => ({ path, mode: 0o644, text });
  return [
    {
      ...file(paths.containerdConfig, config),
      ...((confidential || holdsSecret(config)) && {
        mode: 0o600,
        secret: statedName('containerd.config', `${host.name} ${versions.containerd}`),
      }),
    },
    file(
      paths.containerdUnit,
      renderer.render('containerd/containerd.service.hbs', { containerd: paths.containerd }),
    ),
    file(paths.crictlConfig, renderer.render('containerd/crictl.yaml.hbs', { endpoint: criSocket })),
  ];
}

/** config.toml for the major version: the template, or its tables with the host's runtimes, and the cluster's and the host's `containerd.config` merged in. */
function containerdConfig(context: TextContext, host: Host): string {
  const { cluster, images, renderer, versions } = context;
  const params = { sandboxImage: images.pause, systemdCgroup: cgroupDriver(context, host) === 'systemd' };
  const [major = 0, minor = 0] = versions.containerd.replace(/^v/, '').split('.').map(Number);
  const text =
    major < 2
      ? renderer.render('containerd/config-v2.toml.hbs', params)
      : renderer.render('containerd/config-v3.toml.hbs', { ...params, hasBinDirs: major > 2 || minor >= 1 });
  const auths = registryAuths(context);
  const logins =
    auths === undefined ? {} : { plugins: { [criImages(major)]: { registry: { configs: auths } } } };
  const runtimes = runtimeTables(cluster, host, major, params.systemdCgroup);
  const patches = [logins, runtimes, cluster.containerd.config, host.containerd?.config ?? {}];
  const key = JSON.stringify([text, patches]);
  const config = configs.get(key) ?? mergeToml(text, patches);
  configs.set(key, config);
  return config;
}

/** By what is merged: a thousand hosts share the result. */
const configs = new Map<string, string>();

/** The plugin that has the table of registries. */
function criImages(major: number): string {
  return major < 2 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.images';
}

function mergeToml(text: string, patches: readonly JsonObject[]): string {
  const stated = patches.filter((patch) => Object.keys(patch).length > 0);
  if (stated.length === 0) return text;
  try {
    // Templates contain neither dates nor big integers, so their tables are JSON-shaped.
    return stringify(stated.reduce(mergePatch, parse(text) as JsonObject));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KbootError('E-TEMPLATE', `containerd.config cannot be merged as TOML: ${reason}`, {
      remedy: remedies.noNullInToml,
      cause: error,
    });
  }
}
