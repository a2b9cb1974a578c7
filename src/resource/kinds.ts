import { archive } from './archive.ts';
import { binary } from './binary.ts';
import { clientCertificate } from './client-certificate.ts';
import { cniConfig } from './cni-config.ts';
import { directory } from './directory.ts';
import { file } from './file.ts';
import { hook } from './hook.ts';
import { image } from './image.ts';
import { kubeletCheckpoint } from './kubelet-checkpoint.ts';
import { linkMtu } from './link-mtu.ts';
import { moduleKind } from './module.ts';
import { obsolete } from './obsolete.ts';
import { packageKind } from './package.ts';
import { podNetwork } from './pod-network.ts';
import { selinux } from './selinux.ts';
import { serviceRules } from './service-rules.ts';
import { servingCertificate } from './serving-certificate.ts';
import { staticPod } from './static-pod.ts';
import { swap } from './swap.ts';
import { sysctl } from './sysctl.ts';
import { timeService } from './time-service.ts';
import { timer } from './timer.ts';
import type { Kind, Resource, ResourceKind, ResourceOf } from './types.ts';
import { unit } from './unit.ts';
import { user } from './user.ts';

/** The handler of every kind; a kind without a handler does not compile. */
const kinds = {
  directory,
  file,
  obsolete,
  binary,
  archive,
  package: packageKind,
  user,
  module: moduleKind,
  sysctl,
  swap,
  selinux,
  'cni-config': cniConfig,
  'pod-network': podNetwork,
  'service-rules': serviceRules,
  unit,
  timer,
  'time-service': timeService,
  image,
  'static-pod': staticPod,
  'client-certificate': clientCertificate,
  'serving-certificate': servingCertificate,
  'kubelet-checkpoint': kubeletCheckpoint,
  'link-mtu': linkMtu,
  hook,
} as const satisfies { readonly [K in ResourceKind]: { readonly name: (want: ResourceOf<K>) => string } };

export const resourceKinds = Object.keys(kinds) as readonly ResourceKind[];

/** The handler of a kind, for resources of that kind. */
export function handlerOf(kind: ResourceKind): Kind<Resource, unknown> {
  return kinds[kind];
}

/** `file /etc/crictl.yaml`: unique on its host, stable between runs. */
export function resourceId(resource: Resource): string {
  return `${resource.kind} ${handlerOf(resource.kind).name(resource)}`;
}
