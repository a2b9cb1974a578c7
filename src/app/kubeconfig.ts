import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { clusterServer } from '../desire/text/address.ts';
import { KbootError } from '../model/error.ts';
import { readText, writeAtomic } from '../store/atomic.ts';
import type { Workspace } from './workspace.ts';
import { trustBundle } from '../pki/types.ts';

interface Named {
  readonly name: string;
}
interface Kubeconfig {
  readonly clusters?: readonly Named[];
  readonly contexts?: readonly Named[];
  readonly users?: readonly Named[];
  readonly [field: string]: unknown;
}

/**
 * The administrator's kubeconfig; cluster, user and context are named after the cluster. `server`: instead of the
 * control-plane endpoint. Throws E-STATE before the first `up`.
 */
export function adminKubeconfig({ cluster, pki, state }: Workspace, server?: string): string {
  if (!pki.isIssued('ca') || !pki.isIssued('admin'))
    throw new KbootError('E-STATE', `${state.dir} has no administrator certificate for ${cluster.name}`, {
      remedy: 'Run `kboot up` first, or set --state to the state folder of this cluster.',
    });
  const { cert, key } = pki.certificate('admin');
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const { name } = cluster;
  const user = `${name}-admin`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name,
          cluster: {
            server: server ?? clusterServer(cluster),
            'certificate-authority-data': data(trustBundle(pki, 'ca')),
          },
        },
      ],
      users: [{ name: user, user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) } }],
      contexts: [{ name, context: { cluster: name, user } }],
      'current-context': name,
    },
    { lineWidth: 0, compat: 'yaml-1.1' },
  );
}

/** Merges the entries of `text` into `file`, replacing entries of the same names; the rest of the file stays. Mode 0600. */
export async function mergeKubeconfig(file: string, text: string): Promise<void> {
  const own = parse(text) as Kubeconfig;
  const present = await readText(file);
  const parsed: unknown = present === undefined || present.trim() === '' ? {} : parse(present);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new KbootError('E-STATE', `${file} is not a kubeconfig; it was not changed`, {
      remedy: 'Move it away, or set KUBECONFIG to another file.',
    });
  const before = parsed as Kubeconfig;
  const merged = (field: 'clusters' | 'contexts' | 'users'): Named[] => {
    const mine = own[field] ?? [];
    return [
      ...(before[field] ?? []).filter((entry) => !mine.some(({ name }) => name === entry.name)),
      ...mine,
    ];
  };
  await mkdir(dirname(file), { recursive: true });
  await writeAtomic(
    file,
    stringify(
      {
        ...own,
        ...before,
        clusters: merged('clusters'),
        users: merged('users'),
        contexts: merged('contexts'),
        'current-context': own['current-context'],
      },
      { lineWidth: 0, compat: 'yaml-1.1' },
    ),
    0o600,
  );
}
