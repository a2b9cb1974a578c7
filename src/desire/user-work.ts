import { dirname } from 'node:path/posix';
import type { Host, Hook, UserFile } from '../model/cluster.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import { stages, type Stage } from '../model/stage.ts';
import type { Content, DirectoryResource, Resource } from '../resource/types.ts';
import type { Desire } from './context.ts';

/** Longest text that a plan shows; what is longer goes by its digest. */
const shownLength = 64 * 1024;

/**
 * Puts the operator's own files and hooks among kboot's resources: in each stage that the host comes through, first
 * the hooks before it, the files before anything is started, last the hooks after it.
 * Throws KbootError E-INVENTORY when a file would lie where kboot has its own.
 */
export function withUserWork(desire: Desire, host: Host, own: readonly Resource[]): readonly Resource[] {
  const { files = [], hooks = [] } = desire.cluster;
  if (files.length + hooks.length === 0) return own;
  const mine = files.filter(({ hosts }) => hosts.includes(host.name));
  refuseOwnPaths(own, mine);
  const folders = foldersBrought(own, mine);
  return stages.flatMap((stage) => {
    const resources = own.filter((resource) => resource.stage === stage && !folders.has(resource));
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
      ...[...folders.values()].filter((folder) => folder.stage === stage),
      ...mine.filter((file) => file.stage === stage).flatMap((file) => fileResources(desire, file, own)),
      ...resources.slice(at),
      ...hooksOf('after'),
    ];
  });
}

/** What stands for a file of spec.files in plans: its text, or where that is not to be shown its digest. */
export function contentOf({ uploads }: Pick<Desire, 'uploads'>, file: UserFile): Content {
  const upload = 'source' in file.content ? uploads.get(file.content.source) : undefined;
  const text = 'text' in file.content ? file.content.text : upload?.text;
  if (text !== undefined && !file.secret && text.length <= shownLength) return { kind: 'text', text };
  return { kind: 'secret', name: uploadName(file), digest: upload?.sha256 ?? sha256(text ?? '') };
}

/** How a plan names the bytes of a file that it does not show. */
export function uploadName({ path }: UserFile): string {
  return `spec.files ${path}`;
}

/** The bytes of every file of spec.files, by the name that a plan has for those that it does not show. */
export function uploadBytes({ cluster, uploads }: Desire): Map<string, Buffer> {
  return new Map(
    (cluster.files ?? []).map((file) => [
      uploadName(file),
      'text' in file.content
        ? Buffer.from(file.content.text)
        : (uploads.get(file.content.source)?.bytes ?? Buffer.alloc(0)),
    ]),
  );
}

/** Folders of kboot's that files need in an earlier stage than kboot does: by resource, what stands for it there. */
function foldersBrought(
  own: readonly Resource[],
  files: readonly UserFile[],
): ReadonlyMap<Resource, DirectoryResource> {
  const order = (stage: Stage): number => stages.indexOf(stage);
  return new Map(
    own.flatMap((folder): [Resource, DirectoryResource][] => {
      if (folder.kind !== 'directory') return [];
      const [first] = files
        .filter(({ path, stage }) => path.startsWith(`${folder.path}/`) && order(stage) < order(folder.stage))
        .map(({ stage }) => stage)
        .toSorted((one, other) => order(one) - order(other));
      return first === undefined ? [] : [[folder, { ...folder, stage: first }]];
    }),
  );
}

function fileResources(desire: Desire, file: UserFile, own: readonly Resource[]): Resource[] {
  const { stage, path, mode, restarts } = file;
  const folder = dirname(path);
  const isMade = own.some((resource) => resource.kind === 'directory' && resource.path === folder);
  return [
    ...(isMade ? [] : [{ kind: 'directory', stage, path: folder, mode: '755', keep: true } as const]),
    { kind: 'file', stage, path, mode, content: contentOf(desire, file), readBy: restarts },
  ];
}

function hookResource({ cluster }: Desire, host: Host, hook: Hook): Resource {
  return {
    kind: 'hook',
    stage: hook.stage,
    name: hook.name,
    when: hook.when,
    run: hook.run,
    ...(hook.unless !== undefined && { unless: hook.unless }),
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
  const taken = new Set(own.flatMap((resource) => ('path' in resource ? [resource.path] : [])));
  const clash = files.find(({ path }) => taken.has(path));
  if (clash === undefined) return;
  throw new KbootError('E-INVENTORY', `spec.files: ${clash.path} is kboot's own`, {
    remedy:
      'Change it through its own fields of the inventory, or through spec.templates; `kboot render` shows what kboot writes there.',
  });
}
