import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { desireCluster } from '../desire/cluster.ts';
import { allObjects } from '../kube/desired-cluster.ts';
import { encryptionBytes } from '../desire/encryption.ts';
import { desireHost } from '../desire/host.ts';
import { secretBytes } from '../desire/secrets.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Cluster } from '../model/cluster.ts';
import type { EncryptionKeys } from '../model/encryption.ts';
import { KbootError } from '../model/error.ts';
import { assumedFacts } from '../model/facts.ts';
import { kubeletCertificatePath } from '../resource/client-certificate.ts';
import { manifestPath } from '../resource/static-pod.ts';
import { uploadName } from '../resource/upload-name.ts';
import type { Resource } from '../resource/types.ts';
import { saveEncryptionKeys } from '../store/encryption-keys.ts';
import { fileError } from '../store/file-error.ts';
import { loadOrCreatePki } from '../store/pki.ts';
import { desireOf, usedPki, type Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';

/** What was written, and what was not because it has a secret; relative to the folder. */
export interface RenderedTree {
  readonly files: number;
  readonly leftOut: readonly string[];
}

/**
 * Writes the files of each host as `out/HOST/path`, and the API objects as `out/cluster/NN-….yaml` and
 * `out/addons/NAME/NN-….yaml`; those with a secret
 * only if asked. A .gitignore keeps them from being committed. Throws E-USAGE if `out` is not empty, and if secrets may
 * not be on this disk.
 */
export async function renderTree(
  workspace: Workspace,
  out: string,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<RenderedTree> {
  if (withSecrets && workspace.cluster.state?.encryptKeys === true)
    throw new KbootError('E-USAGE', '--with-secrets contradicts spec.state.encryptKeys', {
      remedy: remedies.noPlainKeys,
    });
  if ((await folderAt(out, withSecrets)).length > 0)
    throw new KbootError('E-USAGE', `${out} is not empty; it was not changed`, {
      remedy: remedies.newOutFolder,
    });
  const { cluster } = workspace;
  const own = await loadOrCreatePki(workspace.state, cluster, { now: new Date(), randomBytes });
  await saveEncryptionKeys(workspace.state, cluster, workspace.encryptionKeys);
  const pki = usedPki(cluster, own.pki, workspace.foreignEtcd);
  const { renderer, releases, bundle, uploads, addons } = workspace.desire;
  const { encryptionKeys } = workspace;
  const desire = desireOf(cluster, renderer, pki, { releases, bundle, uploads, encryptionKeys, addons });
  const secrets = secretBytes(desire);
  const shown = uploadsThatPlansShow(cluster);
  let files = 0;
  const leftOut: string[] = [];
  const write = async ({ path, mode, text, secret }: Rendered, folder: string): Promise<void> => {
    const hidden = isPrivate(text) || (secret !== undefined && !isPublic(text) && !shown.has(secret));
    if (hidden && !withSecrets) {
      leftOut.push(join(folder, path));
      return;
    }
    const place = join(out, folder, path);
    await onDisk(place, async () => {
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text, { mode: hidden ? mode & 0o600 : mode });
    });
    files++;
  };
  for (const host of cluster.hosts) {
    for (const resource of desireHost(desire, host, assumedFacts)) {
      const file = textOf(resource, secrets, encryptionKeys);
      if (file !== undefined) await write(file, host.name);
    }
  }
  const desired = desireCluster(desire);
  const folders: readonly (readonly [folder: string, objects: readonly KubeObject[]])[] = [
    ['cluster', allObjects(desired)],
    ...(desired.addons ?? []).map(({ name, objects }) => [join('addons', name), objects] as const),
  ];
  for (const [folder, objects] of folders)
    for (const [index, object] of objects.entries()) {
      const name = `${String(index).padStart(2, '0')}-${object.kind}-${object.metadata.name}`
        .toLowerCase()
        .replaceAll(/[^a-z0-9.-]/g, '-')
        .slice(0, longestName);
      const text = stringify(object, { lineWidth: 0, compat: 'yaml-1.1', aliasDuplicateObjects: false });
      await write({ path: `${name}.yaml`, mode: 0o644, text, secret: undefined }, folder);
    }
  const ignored = join(out, '.gitignore');
  await onDisk(ignored, async () => {
    await writeFile(ignored, withSecrets ? '*\n' : leftOut.map((path) => `/${path}\n`).join(''));
  });
  return { files, leftOut };
}

/** Of a file of an object, without `.yaml`: objects have longer names than files may have. */
const longestName = 200;

/** Makes a folder, and returns what is in it. Throws KbootError E-STATE. */
async function folderAt(out: string, isPrivateFolder: boolean): Promise<readonly string[]> {
  return await onDisk(out, async () => {
    await mkdir(out, { recursive: true, ...(isPrivateFolder && { mode: 0o700 }) });
    return await readdir(out);
  });
}

/** Does something with a path on this disk. Throws KbootError E-STATE if that is not possible. */
async function onDisk<T>(path: string, act: () => Promise<T>): Promise<T> {
  return await act().catch((cause: unknown) => {
    throw fileError('The files cannot be written', path, cause);
  });
}

interface Rendered {
  readonly path: string;
  readonly mode: number;
  readonly text: string | Buffer;
  /** Its name, if plans show only its digest. */
  readonly secret: string | undefined;
}

/** Keys, kubeconfigs, the configuration of encryption in etcd, Secrets of the API. */
function isPrivate(text: string | Buffer): boolean {
  return /PRIVATE KEY-----|^\s*client-key-data:|^kind: (?:EncryptionConfiguration|Secret)$/m.test(
    text.toString(),
  );
}

/** Nothing but certificates and public keys. */
function isPublic(text: string | Buffer): boolean {
  return /^(?:-----BEGIN (CERTIFICATE|PUBLIC KEY)-----\n[\w+/=\n]*-----END \1-----\n*)+$/.test(
    text.toString(),
  );
}

/** Names of files of spec.files whose digest a plan shows only for their size or because they are not text. */
function uploadsThatPlansShow({ files = [] }: Cluster): ReadonlySet<string> {
  return new Set(files.flatMap(({ path, secret }) => (secret ? [] : [uploadName(path)])));
}

function textOf(
  resource: Resource,
  secrets: ReadonlyMap<string, string | Buffer>,
  encryptionKeys: EncryptionKeys,
): Rendered | undefined {
  if (resource.kind === 'file') {
    const { path, content } = resource;
    const mode = Number.parseInt(resource.mode, 8);
    if (content.kind === 'text') return { path, mode, text: content.text, secret: undefined };
    const text = secrets.get(content.name) ?? encryptionBytes(content.name, encryptionKeys) ?? '';
    return { path, mode, text, secret: content.name };
  }
  if (resource.kind === 'static-pod')
    return { path: manifestPath(resource.name), mode: 0o600, text: resource.text, secret: undefined };
  if (resource.kind === 'client-certificate') {
    const { name } = resource.content;
    return { path: kubeletCertificatePath, mode: 0o600, text: secrets.get(name) ?? '', secret: name };
  }
  return undefined;
}
