import { parse, stringify } from 'smol-toml';
import type { JsonObject } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { cgroupDriver } from './kubelet.ts';
import { mergePatch } from './merge.ts';
import { criSocket, paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

/** containerd's configuration and unit, and crictl's configuration; the same on each node of a cluster. */
export function containerdFiles(context: TextContext): readonly HostText[] {
  const { renderer } = context;
  const file = (path: string, text: string): HostText => ({ path, mode: 0o644, text });
  return [
    file(paths.containerdConfig, containerdConfig(context)),
    file(
      paths.containerdUnit,
      renderer.render('containerd/containerd.service.hbs', { containerd: paths.containerd }),
    ),
    file(paths.crictlConfig, renderer.render('containerd/crictl.yaml.hbs', { endpoint: criSocket })),
  ];
}

/** config.toml for the major version: the template, or its tables with `spec.containerd.config` merged in. */
function containerdConfig(context: TextContext): string {
  const { cluster, images, renderer, versions } = context;
  const params = { sandboxImage: images.pause, systemdCgroup: cgroupDriver(context) === 'systemd' };
  const [major = 0, minor = 0] = versions.containerd.replace(/^v/, '').split('.').map(Number);
  const text =
    major < 2
      ? renderer.render('containerd/config-v2.toml.hbs', params)
      : renderer.render('containerd/config-v3.toml.hbs', { ...params, hasBinDirs: major > 2 || minor >= 1 });
  return mergeToml(text, cluster.containerd.config);
}

function mergeToml(text: string, patch: JsonObject): string {
  if (Object.keys(patch).length === 0) return text;
  try {
    // Templates contain neither dates nor big integers, so their tables are JSON-shaped.
    return stringify(mergePatch(parse(text) as JsonObject, patch));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KbootError('E-TEMPLATE', `spec.containerd.config cannot be merged as TOML: ${reason}`, {
      remedy: "TOML has no null inside lists; check the value against containerd's documentation.",
      cause: error,
    });
  }
}
