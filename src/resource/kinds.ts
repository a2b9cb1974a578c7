import { archive } from './archive.ts';
import { binary } from './binary.ts';
import { clientCertificate } from './client-certificate.ts';
import { directory } from './directory.ts';
import { file } from './file.ts';
import { image } from './image.ts';
import { moduleKind } from './module.ts';
import { packageKind } from './package.ts';
import { staticPod } from './static-pod.ts';
import { swap } from './swap.ts';
import { sysctl } from './sysctl.ts';
import type { Kind, Resource, ResourceKind, ResourceOf } from './types.ts';
import { unit } from './unit.ts';

/** Every kind's handler; one without a handler does not compile. */
const kinds: { readonly [K in ResourceKind]: Kind<ResourceOf<K>, never> } = {
  directory: directory as Kind<ResourceOf<'directory'>, never>,
  file: file as Kind<ResourceOf<'file'>, never>,
  binary: binary as Kind<ResourceOf<'binary'>, never>,
  archive: archive as Kind<ResourceOf<'archive'>, never>,
  package: packageKind as Kind<ResourceOf<'package'>, never>,
  module: moduleKind as Kind<ResourceOf<'module'>, never>,
  sysctl: sysctl as Kind<ResourceOf<'sysctl'>, never>,
  swap: swap as Kind<ResourceOf<'swap'>, never>,
  unit: unit as Kind<ResourceOf<'unit'>, never>,
  image: image as Kind<ResourceOf<'image'>, never>,
  'static-pod': staticPod as Kind<ResourceOf<'static-pod'>, never>,
  'client-certificate': clientCertificate as Kind<ResourceOf<'client-certificate'>, never>,
};

/** The handler of a kind, for any of its resources. */
export function handlerOf(kind: ResourceKind): Kind<Resource, unknown> {
  return kinds[kind] as unknown as Kind<Resource, unknown>;
}

/** `file /etc/crictl.yaml`: unique on its host, stable between runs. */
export function resourceId(resource: Resource): string {
  return `${resource.kind} ${handlerOf(resource.kind).name(resource)}`;
}
