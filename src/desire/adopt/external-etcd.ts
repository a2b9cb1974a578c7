import { foreignEtcdProblems, type ForeignEtcdPems } from '../../pki/foreign-etcd.ts';
import { few } from '../../model/few.ts';
import type { Json, JsonObject } from '../../model/cluster.ts';
import type { Obstacle } from '../read-back.ts';
import { isControlPlane } from './node.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { SeenCluster } from './types.ts';
import { remedies } from '../remedies.ts';

/** Names of the files beside an inventory that has an external etcd. */
export const externalFiles = { caFile: 'ca.crt', certFile: 'client.crt', keyFile: 'client.key' } as const;

type FileField = keyof typeof externalFiles;
const fields = Object.keys(externalFiles) as readonly FileField[];

/** Paths on control planes, as kubeadm-config has them (ClusterConfiguration.etcd.external). */
export function externalPaths(external: JsonObject): Readonly<Record<FileField, string>> {
  const path = (field: FileField): string => {
    const stated = external[field];
    return typeof stated === 'string' ? stated : '';
  };
  return { caFile: path('caFile'), certFile: path('certFile'), keyFile: path('keyFile') };
}

/** `folder` will have the files, as the inventory names it. */
export function externalField(external: JsonObject, folder: string): InventoryField {
  const endpoints = external['endpoints'];
  return {
    path: ['spec', 'etcd', 'external'],
    value: {
      endpoints: (Array.isArray(endpoints) ? endpoints : []) as Json,
      ...Object.fromEntries(fields.map((field) => [field, `${folder}/${externalFiles[field]}`])),
    },
    why: 'from kubeadm-config; the members are not changed. The files were copied from a control plane',
  };
}

/**
 * The credentials of the API servers for etcd, of the first control plane that has them, and why they cannot be used.
 * `texts`: by host and path.
 */
export function externalPems(
  external: JsonObject,
  seen: SeenCluster,
  texts: ReadonlyMap<string, ReadonlyMap<string, string>>,
  now: Date,
): { readonly pems: ForeignEtcdPems | undefined; readonly obstacles: readonly Obstacle[] } {
  const paths = externalPaths(external);
  const unnamed = fields.filter((field) => paths[field] === '');
  if (unnamed.length > 0)
    return {
      pems: undefined,
      obstacles: [
        {
          message: `its external etcd has no ${few(unnamed, 3)} (kubeadm-config: etcd.external)`,
          remedy: remedies.etcdWithTls,
        },
      ],
    };
  const planes = seen.nodes.filter(isControlPlane).map(({ metadata }) => metadata.name);
  const whole = planes.find((name) => fields.every((field) => texts.get(name)?.has(paths[field]) === true));
  const found = texts.get(whole ?? '');
  if (found === undefined)
    return {
      pems: undefined,
      obstacles: [
        {
          message: `${few(Object.values(paths), 3)} are not on any control plane: the credentials for its external etcd (kubeadm-config: etcd.external)`,
          remedy: remedies.restoreFiles,
        },
      ],
    };
  const text = (field: FileField): string => found.get(paths[field]) ?? '';
  const pems = { caPem: text('caFile'), certificatePem: text('certFile'), keyPem: text('keyFile') };
  return {
    pems,
    obstacles: foreignEtcdProblems(pems, now)
      .filter(({ severity }) => severity === 'error')
      .map(({ field, message }) => ({
        message: `${whole ?? ''}: ${paths[field]} ${message}`,
        remedy: remedies.acceptedCertificate,
      })),
  };
}

/** Flags of the API server that kboot derives from spec.etcd.external, with paths of its own. */
export const externalFlags = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile', 'etcd-servers'];

/** kubeadm's volumes for credentials outside /etc/kubernetes/pki (phases/controlplane/volumes.go): kboot's are inside. */
export const isExternalVolume = (name: string): boolean => /^etcd-certs-\d+$/.test(name);
