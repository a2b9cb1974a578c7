import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { desireCluster } from '../desire/cluster.ts';
import { allObjects } from '../kube/desired-cluster.ts';
import { encryptionBytes } from '../desire/encryption.ts';
import { desireHost } from '../desire/host.ts';
import { secretBytes } from '../desire/secrets.ts';
import type { EncryptionKeys } from '../model/encryption.ts';
import { KbootError } from '../model/error.ts';
import { assumedFacts } from '../model/facts.ts';
import { kubeletCertificatePath } from '../resource/client-certificate.ts';
import { manifestPath } from '../resource/static-pod.ts';
import type { Resource } from '../resource/types.ts';
import { saveEncryptionKeys } from '../store/encryption-keys.ts';
import { loadOrCreatePki } from '../store/pki.ts';
import { desireOf, usedPki, type Workspace } from './workspace.ts';

/**
 * Writes the files of each host as `out/HOST/path`, and the API objects as `out/cluster/NN-….yaml`.
 * Returns the number of files. Throws E-USAGE if `out` is not empty.
 */
export async function renderTree(workspace: Workspace, out: string): Promise<number> {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0)
    throw new KbootError('E-USAGE', `${out} is not empty; it was not changed`, {
      remedy: 'Specify a new folder with --out.',
    });
  const { cluster } = workspace;
  const own = await loadOrCreatePki(workspace.state, cluster, { now: new Date(), randomBytes });
  await saveEncryptionKeys(workspace.state, cluster, workspace.encryptionKeys);
  const pki = usedPki(cluster, own.pki, workspace.foreignEtcd);
  const { renderer, releases, bundle, uploads } = workspace.desire;
  const { encryptionKeys } = workspace;
  const desire = desireOf(cluster, renderer, pki, { releases, bundle, uploads, encryptionKeys });
  const secrets = secretBytes(desire);
  const shown = (text: string | Buffer): string | Buffer =>
    cluster.state?.encryptKeys === true && isPrivate(text) ? leftOut : text;
  let count = 0;
  const write = async (path: string, text: string | Buffer, mode: number): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
    count++;
  };
  for (const host of cluster.hosts) {
    for (const resource of desireHost(desire, host, assumedFacts)) {
      const file = textOf(resource, secrets, encryptionKeys, shown);
      if (file !== undefined)
        await write(join(out, host.name, file.path), file.text, Number.parseInt(file.mode, 8));
    }
  }
  for (const [index, object] of allObjects(desireCluster(desire)).entries()) {
    const name = `${String(index).padStart(2, '0')}-${object.kind}-${object.metadata.name}`
      .toLowerCase()
      .replaceAll(/[^a-z0-9.-]/g, '-');
    await write(
      join(out, 'cluster', `${name}.yaml`),
      stringify(object, { lineWidth: 0, compat: 'yaml-1.1', aliasDuplicateObjects: false }),
      0o644,
    );
  }
  return count;
}

/** Instead of a file with private keys, if they are encrypted on this machine's disk. */
const leftOut = '# Not written here: it contains a private key, and spec.state.encryptKeys is set.\n';

/** Keys, kubeconfigs, and the configuration of encryption in etcd. */
function isPrivate(text: string | Buffer): boolean {
  return /PRIVATE KEY-----|^\s*client-key-data:|^kind: EncryptionConfiguration/m.test(text.toString());
}

function textOf(
  resource: Resource,
  secrets: ReadonlyMap<string, string | Buffer>,
  encryptionKeys: EncryptionKeys,
  shown: (text: string | Buffer) => string | Buffer,
): { path: string; mode: string; text: string | Buffer } | undefined {
  if (resource.kind === 'file') {
    const { content } = resource;
    const text =
      content.kind === 'text'
        ? content.text
        : (secrets.get(content.name) ?? encryptionBytes(content.name, encryptionKeys) ?? '');
    return { path: resource.path, mode: resource.mode, text: shown(text) };
  }
  if (resource.kind === 'static-pod')
    return { path: manifestPath(resource.name), mode: '600', text: resource.text };
  if (resource.kind === 'client-certificate')
    return {
      path: kubeletCertificatePath,
      mode: '600',
      text: shown(secrets.get(resource.content.name) ?? ''),
    };
  return undefined;
}
