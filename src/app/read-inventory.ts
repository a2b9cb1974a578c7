import { plural } from '../model/plural.ts';
import { componentCatalog } from '../catalog/components.ts';
import { knownVersions } from '../catalog/release.ts';
import { loadInventory } from '../inventory/load.ts';
import type { ParseResult } from '../inventory/parse.ts';
import type { InventoryRecord } from '../inventory/record.ts';
import { describePath, type Path } from '../inventory/position.ts';
import type { Cluster } from '../model/cluster.ts';
import { formatDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { KbootError } from '../model/error.ts';
import type { ForeignEtcdPems } from '../pki/foreign-etcd.ts';
import { readForeignEtcd } from '../store/foreign-etcd.ts';
import { readUpload, type Upload, type Uploads } from '../store/uploads.ts';
import { registrySources } from './registry-sources.ts';

interface ReadInventory {
  readonly cluster: Cluster;
  readonly record: InventoryRecord;
  readonly warnings: readonly Diagnostic[];
  readonly foreignEtcd: ForeignEtcdPems | undefined;
  readonly uploads: Uploads;
}

/**
 * Reads the inventory, and the files that spec.etcd.external, spec.files and spec.containerd.registries name.
 * Throws KbootError E-INVENTORY with every problem, one a line, as its message.
 */
export function readInventory(file: string, withoutEtcdFiles = false): ReadInventory {
  const parsed = loadInventory(file, process.env, {
    knownVersions: knownVersions(),
    components: componentCatalog,
  });
  const etcd = readEtcdFiles(parsed, withoutEtcdFiles);
  const files = readUploads(parsed, withoutEtcdFiles);
  const diagnostics = [...parsed.diagnostics, ...etcd.diagnostics, ...files.diagnostics].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const count = diagnostics.filter((each) => each.severity === 'error').length;
  if (parsed.cluster !== undefined && parsed.record !== undefined && count === 0)
    return {
      cluster: parsed.cluster,
      record: parsed.record,
      warnings: diagnostics,
      foreignEtcd: etcd.pems,
      uploads: files.uploads,
    };
  throw new KbootError('E-INVENTORY', diagnostics.map(formatDiagnostic).join('\n'), {
    remedy: `${plural(count, 'problem')}; nothing was contacted.`,
  });
}

function readUploads(
  { cluster, locate }: ParseResult,
  lenient: boolean,
): {
  readonly uploads: Uploads;
  readonly diagnostics: readonly Diagnostic[];
} {
  const uploads = new Map<string, Upload>();
  const diagnostics: Diagnostic[] = [];
  const severity = lenient ? 'warning' : 'error';
  const add = (name: string, shown: string, path: Path, read: Upload | string): void => {
    if (typeof read !== 'string') uploads.set(name, read);
    else diagnostics.push({ ...locate(path), severity, message: `${describePath(path)} ${shown} ${read}` });
  };
  for (const [index, { content }] of (cluster?.files ?? []).entries())
    if ('source' in content && !uploads.has(content.source))
      add(content.source, content.source, ['spec', 'files', index, 'source'], readUpload(content.source));
  for (const source of registrySources(cluster?.containerd.registries ?? []))
    if (!uploads.has(source.name)) add(source.name, source.shown, source.path, source.read());
  return { uploads, diagnostics };
}

function readEtcdFiles(
  { cluster, locate }: ParseResult,
  lenient: boolean,
): { readonly pems: ForeignEtcdPems | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const external = cluster?.etcd.external;
  if (external === undefined) return { pems: undefined, diagnostics: [] };
  const { pems, problems } = readForeignEtcd(external, new Date());
  return {
    pems,
    diagnostics: problems.map(({ field, severity, message }) => {
      const path = ['spec', 'etcd', 'external', field];
      return {
        ...locate(path),
        severity: lenient ? 'warning' : severity,
        message: `${describePath(path)} ${external[field]} ${message}`,
      };
    }),
  };
}
