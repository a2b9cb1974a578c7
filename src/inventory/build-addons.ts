import type { Addon, Chart, ManifestSource } from '../model/addon.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';

type Stated = NonNullable<Inventory['spec']['addons']>[number];

/** The add-ons of a validated inventory. */
export function buildAddons(stated: readonly Stated[], folders: Folders): Addon[] {
  return stated.map((addon) => ({
    name: addon.name,
    ...given('namespace', addon.namespace),
    after: [...new Set(addon.after ?? [])],
    manifests: (addon.manifests ?? []).map(({ path, url = '', sha256 = '' }): ManifestSource =>
      path === undefined ? { url, sha256 } : { path: absolutePath(path, folders) },
    ),
    ...given('chart', addon.chart && buildChart(addon.chart, addon.name, folders)),
    images: [...new Set(addon.images ?? [])],
    prune: addon.prune ?? defaults.addonPrune,
    timeoutSeconds: addon.timeoutSeconds ?? defaults.addonTimeoutSeconds,
  }));
}

function buildChart(stated: NonNullable<Stated['chart']>, addon: string, folders: Folders): Chart {
  const { path, repository, oci, name = '', version = '', sha256 = '' } = stated;
  return {
    source:
      path !== undefined
        ? { path: absolutePath(path, folders) }
        : repository !== undefined
          ? { repository: repository.replace(/\/+$/, ''), name, version, sha256 }
          : { oci: (oci ?? '').slice('oci://'.length), version, sha256 },
    release: stated.release ?? addon,
    values: stated.values ?? {},
    valuesFiles: (stated.valuesFiles ?? []).map((file) => absolutePath(file, folders)),
    apiVersions: stated.apiVersions ?? [],
    hooks: stated.hooks ?? false,
  };
}
