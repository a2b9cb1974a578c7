import type { Json, JsonObject } from '../../model/cluster.ts';
import { isObject, mergePatch } from '../text/merge.ts';

/** The plugin of containerd 1.x, whose settings three plugins of 2.x share. */
const cri = 'io.containerd.grpc.v1.cri';
const criImages = 'io.containerd.cri.v1.images';
const criRuntime = 'io.containerd.cri.v1.runtime';

/** What of `cri` stays there in 2.x: the server for `kubectl exec` (plugins/cri/cri.go). */
const served: ReadonlySet<string> = new Set([
  ...['disable_tcp_service', 'stream_server_address', 'stream_server_port', 'stream_idle_timeout'],
  ...['enable_tls_streaming', 'x509_key_pair_streaming'],
]);
/** plugins/cri/images/plugin.go, migrateConfig. */
const ofImages: ReadonlySet<string> = new Set([
  ...['registry', 'image_decryption', 'max_concurrent_downloads', 'image_pull_progress_timeout'],
  ...['image_pull_with_sync_fs', 'stats_collect_period'],
]);
const ofSnapshots: ReadonlySet<string> = new Set([
  ...['snapshotter', 'disable_snapshot_annotations', 'discard_unpacked_layers'],
]);

/**
 * config.toml of any version as one of version 3, which containerd 2.x has: what `containerd config migrate` does. The
 * text that kboot writes has the field `bin_dirs` from 2.1 on.
 */
export function asVersion3(config: JsonObject): JsonObject {
  const version = typeof config['version'] === 'number' ? config['version'] : 1;
  const { plugins = {}, ...rest } = config;
  if (!isObject(plugins)) return config;
  if (version >= 3) return { ...config, plugins: withBinDirs(plugins) };
  const own = plugins[cri] ?? plugins['cri'] ?? {};
  const others = Object.fromEntries(Object.entries(plugins).filter(([key]) => key !== cri && key !== 'cri'));
  const moved = isObject(own) ? moveCri(own) : {};
  return { ...rest, version: 3, plugins: withBinDirs(mergePatch(others, moved)) };
}

function moveCri(own: JsonObject): JsonObject {
  const images: [string, Json][] = [];
  const runtime: [string, Json][] = [];
  const server: [string, Json][] = [];
  for (const [key, value] of Object.entries(own)) {
    if (key === 'sandbox_image') images.push(['pinned_images', { sandbox: value }]);
    else if (ofImages.has(key)) images.push([key, value]);
    else if (served.has(key)) server.push([key, value]);
    else if (key === 'containerd' && isObject(value)) {
      const entries = Object.entries(value);
      images.push(...entries.filter(([name]) => ofSnapshots.has(name)));
      runtime.push([key, Object.fromEntries(entries.filter(([name]) => !ofSnapshots.has(name)))]);
    } else runtime.push([key, value]);
  }
  const parts = { [criImages]: images, [criRuntime]: runtime, [cri]: server };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([name, entries]) =>
      entries.length === 0 ? [] : [[name, Object.fromEntries(entries)]],
    ),
  );
}

/** `bin_dir`, which 2.1 replaced by a list. */
function withBinDirs(plugins: JsonObject): JsonObject {
  const runtime = plugins[criRuntime];
  const cni = runtime !== undefined && isObject(runtime) ? runtime['cni'] : undefined;
  if (runtime === undefined || !isObject(runtime) || cni === undefined || !isObject(cni)) return plugins;
  const { bin_dir: folder, ...rest } = cni;
  const whole =
    typeof folder === 'string' && folder !== '' && !Array.isArray(rest['bin_dirs'])
      ? { ...rest, bin_dirs: [folder] }
      : rest;
  return { ...plugins, [criRuntime]: { ...runtime, cni: whole } };
}
