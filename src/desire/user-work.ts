import { dirname } from 'node:path/posix';
import type { Cluster, Host, Hook, UserFile } from '../model/cluster.ts';
import { sha256 } from '../model/digest.ts';
import { holdsSecret } from '../model/secret-value.ts';
import { KbootError } from '../model/error.ts';
import { readsFile, staticPodsOf } from '../model/pod-mounts.ts';
import { stages, type Stage } from '../model/stage.ts';
import type { Content, DirectoryResource, Resource } from '../resource/types.ts';
import { manifestPath, podProcess } from '../resource/static-pod.ts';
import { uploadName } from '../resource/upload-name.ts';
import type { Upload } from '../store/uploads.ts';
import type { Desire } from './context.ts';
import { remedies } from './remedies.ts';

/** Maximum length of a text in a plan; a longer one is represented by its digest. */
const shownLength = 64 * 1024;

/**
 * Inserts the operator's own files and hooks into kboot's resources: in each stage that the host goes through, first
 * the hooks before it, then the files, before anything is started, and last the hooks after it.
 * Throws KbootError E-INVENTORY if a file has a path where kboot has its own.
 */
export function withUserWork(desire: Desire, host: Host, own: readonly Resource[]): readonly Resource[] {
  const { files = [], hooks = [] } = desire.cluster;
  if (files.length + hooks.length === 0) return own;
  const mine = files.filter(({ hosts }) => hosts.includes(host.name));
  refuseOwnPaths(own, mine);
  const brought = foldersBrought(own, mine);
  const folders = [...brought.values(), ...foldersMade(own, mine)];
  return stages.flatMap((stage) => {
    const resources = own.filter((resource) => resource.stage === stage && !brought.has(resource));
    if (resources.length === 0) return [];
    const hooksOf = (when: Hook['when']): Resource[] =>
      hooks
        .filter(
          (hook) =>
            hook.stage === stage &&
            hook.when === when &&
            hook.on !== 'operator' &&
            hook.on.includes(host.name),
        )
        .map((hook) => hookResource(desire, host, hook));
    const starts = resources.findIndex(({ kind }) => kind === 'unit' || kind === 'static-pod');
    const at = starts < 0 ? resources.length : starts;
    return [
      ...hooksOf('before'),
      ...resources.slice(0, at),
      ...folders.filter((folder) => folder.stage === stage),
      ...mine.filter((file) => file.stage === stage).map((file) => fileResource(desire, host, file)),
      ...resources.slice(at),
      ...hooksOf('after'),
    ];
  });
}

/** The content of a file of spec.files in plans: its text, or its digest if the text must not be shown. */
function contentOf(desire: Pick<Desire, 'uploads'>, file: UserFile): Content {
  const { bytes, text, isElsewhere = false } = uploadOf(desire, file);
  const hidden = file.secret || isElsewhere || text === undefined || holdsSecret(text);
  if (!hidden && text.length <= shownLength) return { kind: 'text', text };
  return { kind: 'secret', name: uploadName(file.path), digest: sha256(bytes) };
}

/** The bytes of every file of spec.files, by the name that plans use for those that they do not show. */
export function uploadBytes(desire: Desire): Map<string, Buffer> {
  return new Map(
    (desire.cluster.files ?? []).map((file) => [uploadName(file.path), uploadOf(desire, file).bytes]),
  );
}

function uploadOf(
  { uploads }: Pick<Desire, 'uploads'>,
  { content }: UserFile,
): Pick<Upload, 'bytes' | 'text' | 'isElsewhere'> {
  if ('text' in content) return { bytes: Buffer.from(content.text), text: content.text };
  return uploads.get(content.source) ?? { bytes: Buffer.alloc(0), text: undefined };
}

/** kboot's folders that files need in an earlier stage than kboot does: by resource, the one that replaces it there. */
function foldersBrought(
  own: readonly Resource[],
  files: readonly UserFile[],
): ReadonlyMap<Resource, DirectoryResource> {
  return new Map(
    own.flatMap((folder): [Resource, DirectoryResource][] => {
      if (folder.kind !== 'directory') return [];
      const stage = earliest(files.filter(({ path }) => path.startsWith(`${folder.path}/`)));
      const isEarlier = stage !== undefined && stages.indexOf(stage) < stages.indexOf(folder.stage);
      return isEarlier ? [[folder, { ...folder, stage }]] : [];
    }),
  );
}

/** Folders of files that kboot does not use itself: created if missing, once, for the first of their files. */
function foldersMade(own: readonly Resource[], files: readonly UserFile[]): readonly DirectoryResource[] {
  const made = new Set(own.flatMap((resource) => (resource.kind === 'directory' ? [resource.path] : [])));
  const paths = new Set(files.map(({ path }) => dirname(path)).filter((path) => !made.has(path)));
  return [...paths].map((path) => ({
    kind: 'directory',
    stage: earliest(files.filter((file) => dirname(file.path) === path)) ?? 'host',
    path,
    mode: '755',
    keep: true,
  }));
}

function earliest(files: readonly UserFile[]): Stage | undefined {
  return stages.find((stage) => files.some((file) => file.stage === stage));
}

function fileResource(desire: Desire, host: Host, file: UserFile): Resource {
  const { stage, path, mode } = file;
  const readBy = readersOf(desire.cluster, host, file);
  return { kind: 'file', stage, path, mode, content: contentOf(desire, file), readBy };
}

/** The processes that restart for a file on a host: those it names, and the static Pods that read it. */
function readersOf(cluster: Cluster, host: Host, { path, restarts }: UserFile): readonly string[] {
  const stated = new Set(restarts);
  const pods = staticPodsOf(cluster, host)
    .filter(([pod, settings]) => stated.has(pod) || readsFile(pod, settings, path))
    .map(([pod]) => podProcess(pod));
  const services = restarts.filter(
    (name) => !name.startsWith('kube-') && (name !== 'etcd' || host.roles.includes('etcd')),
  );
  return [...services, ...pods];
}

function hookResource({ cluster, mayAskHooks = false }: Desire, host: Host, hook: Hook): Resource {
  return {
    kind: 'hook',
    stage: hook.stage,
    name: hook.name,
    when: hook.when,
    run: hook.run,
    ...(hook.unless !== undefined && { unless: hook.unless, mayAsk: mayAskHooks }),
    environment: {
      KBOOT_CLUSTER: cluster.name,
      KBOOT_HOST: host.name,
      KBOOT_ADDRESS: host.address,
      KBOOT_ROLES: host.roles.join(' '),
    },
    timeoutSeconds: hook.timeoutSeconds,
  };
}

function refuseOwnPaths(own: readonly Resource[], files: readonly UserFile[]): void {
  const taken = new Set(
    own.flatMap((resource) => {
      if (resource.kind === 'static-pod') return [manifestPath(resource.name)];
      return 'path' in resource ? [resource.path] : [];
    }),
  );
  const clash = files.find(({ path }) => taken.has(path));
  if (clash === undefined) return;
  throw new KbootError('E-INVENTORY', `spec.files: ${clash.path} is kboot's own`, {
    remedy: remedies.ownFields,
  });
}
