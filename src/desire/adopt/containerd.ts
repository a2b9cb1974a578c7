import { parse } from 'smol-toml';
import { isDeepStrictEqual } from 'node:util';
import { isNode, type Json, type JsonObject } from '../../model/cluster.ts';
import { secretsAt, type SecretPath } from '../../model/secret-value.ts';
import type { Obstacle } from '../read-back.ts';
import { containerdFiles } from '../text/containerd.ts';
import { isObject, mergePatch } from '../text/merge.ts';
import { paths } from '../text/paths.ts';
import type { TextContext } from '../text/types.ts';
import { beyond, commonOf, patchTo } from './difference.ts';
import { asVersion3 } from './toml-versions.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { SeenCluster, SeenHost } from './types.ts';
import { remedies } from '../remedies.ts';

const criImages = 'io.containerd.cri.v1.images';
const criRuntime = 'io.containerd.cri.v1.runtime';

/** What containerd of a host has beyond what kboot would give it. */
interface Found {
  readonly host: string;
  readonly index: number;
  readonly config: JsonObject;
}

/**
 * What the hosts' configuration of containerd has beyond its own defaults and kboot's: registries, runtimes, folders,
 * another sandbox image. A file that is a dump of all defaults says no more than one that is empty.
 */
export function containerdFields(context: TextContext, seen: SeenCluster): readonly InventoryField[] {
  const found = foundIn(context, seen);
  const common = commonOf(found.map(({ config }) => config));
  const field = (at: InventoryField['path'], value: JsonObject): InventoryField[] =>
    Object.keys(value).length === 0
      ? []
      : [{ path: [...at, 'containerd', 'config'], value, why: `from ${paths.containerdConfig}` }];
  return [
    ...field(['spec'], common),
    ...found.flatMap(({ index, config }) => field(['spec', 'hosts', index], beyond(config, common))),
  ];
}

/** Files that cannot be read as TOML, and secrets in them: an inventory is no place for these. */
export function containerdObstacles(context: TextContext, seen: SeenCluster): readonly Obstacle[] {
  const broken = [...seen.hosts].filter(([, host]) => configOf(host) === undefined).map(([name]) => name);
  const secrets = foundIn(context, seen).flatMap(({ host, config }) =>
    secretsAt(config).map((path) => ({
      message: `${host}: ${paths.containerdConfig} has a secret, ${keysOf(path)}, which kboot does not copy into an inventory`,
      remedy: remedies.registriesFile,
    })),
  );
  return [
    ...broken.map((host) => ({
      message: `${host}: ${paths.containerdConfig} cannot be read as TOML`,
      remedy: remedies.correctToml,
    })),
    ...secrets,
  ];
}

function foundIn(context: TextContext, seen: SeenCluster): readonly Found[] {
  const { cluster, versions } = context;
  // Releases have containerd 2.x; a file of version 3 has no form for 1.x.
  if (/^v?1\./.test(versions.containerd)) return [];
  return cluster.hosts.flatMap((host, index) => {
    const read = seen.hosts.get(host.name);
    const theirs = read && configOf(read);
    const text = containerdFiles(context, host).find(({ path }) => path === paths.containerdConfig)?.text;
    if (!isNode(host) || read === undefined || theirs === undefined || text === undefined) return [];
    const config = beyondDefaults(theirs, asVersion3(parse(text) as JsonObject), defaultsOf(read));
    return [{ host: host.name, index, config }];
  });
}

/** undefined: it is not TOML. Without a file it is empty. */
function configOf({ running }: SeenHost): JsonObject | undefined {
  return toml(running?.containerd ?? '');
}

function defaultsOf({ running }: SeenHost): JsonObject {
  return asVersion3(toml(running?.containerdDefaults ?? '') ?? {});
}

function toml(text: string): JsonObject | undefined {
  try {
    return parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

/** What kboot derives itself: the driver of cgroups is that of the kubelet. */
const derived: JsonObject = {
  version: null,
  plugins: { [criRuntime]: { containerd: { runtimes: { runc: { options: { SystemdCgroup: null } } } } } },
};

function beyondDefaults(config: JsonObject, own: JsonObject, defaults: JsonObject): JsonObject {
  const theirs = asVersion3(config);
  const patch = withoutEmpty(
    withOwnImage(
      withImports(mergePatch(without(patchTo(theirs, own), defaults, own), derived), theirs, own),
      own,
    ),
  );
  return withRegistries(patch);
}

/** The patch without what containerd has by default; where kboot states something else, kboot's is better. */
function without(patch: JsonObject, defaults: JsonObject, own: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(patch).flatMap(([key, value]): [string, Json][] => {
      const preset = defaults[key];
      if (isObject(value))
        return [
          [
            key,
            without(
              value,
              preset !== undefined && isObject(preset) ? preset : {},
              isObject(own[key] ?? null) ? (own[key] as JsonObject) : {},
            ),
          ],
        ];
      return isDeepStrictEqual(value, preset) ? [] : [[key, value]];
    }),
  );
}

function withoutEmpty(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
      if (!isObject(inner)) return [[key, inner]];
      const rest = withoutEmpty(inner);
      return Object.keys(rest).length === 0 ? [] : [[key, rest]];
    }),
  );
}

/** kboot's own imports stay, before theirs. */
function withImports(patch: JsonObject, theirs: JsonObject, own: JsonObject): JsonObject {
  const rest = Object.fromEntries(Object.entries(patch).filter(([key]) => key !== 'imports'));
  const [before, found] = [own['imports'], theirs['imports']].map((list) =>
    Array.isArray(list) ? (list as readonly Json[]) : [],
  );
  const more = (found ?? []).filter((each) => !(before ?? []).includes(each));
  return more.length === 0 ? rest : { ...rest, imports: [...(before ?? []), ...more] };
}

/** Another tag of the same sandbox image belongs to another release of kubeadm: kboot takes that of its own. */
function withOwnImage(patch: JsonObject, own: JsonObject): JsonObject {
  const at = ['plugins', criImages, 'pinned_images', 'sandbox'];
  const [theirs, ours] = [patch, own].map((config) =>
    textAt(config, at)?.replace(/:[^:/@]+(@[\s\S]*)?$/, ''),
  );
  if (theirs === undefined || theirs !== ours) return patch;
  return mergePatch(patch, { plugins: { [criImages]: { pinned_images: { sandbox: null } } } });
}

function textAt(config: JsonObject, path: readonly string[]): string | undefined {
  const found = path.reduce<Json | undefined>(
    (value, key) => (value !== undefined && isObject(value) ? value[key] : undefined),
    config,
  );
  return typeof found === 'string' ? found : undefined;
}

/** `plugins.x.auth`; a list has the name of its field. */
const keysOf = (path: SecretPath): string => path.filter((key) => typeof key === 'string').join('.');

/** With mirrors or CAs in config.toml, containerd refuses a config_path, which kboot's text has (docs/cri/registry.md). */
function withRegistries(patch: JsonObject): JsonObject {
  const { plugins } = patch;
  const images = plugins !== undefined && isObject(plugins) ? plugins[criImages] : undefined;
  const registry = images !== undefined && isObject(images) ? images['registry'] : undefined;
  if (registry === undefined || !isObject(registry)) return patch;
  if (registry['mirrors'] === undefined && registry['configs'] === undefined) return patch;
  return mergePatch(patch, { plugins: { [criImages]: { registry: { config_path: '' } } } });
}
