import { groupBy } from '../../src/view/group.ts';
import { contentDigest } from '../../src/resource/file.ts';
import { manifestPath, podProcess } from '../../src/resource/static-pod.ts';
import type { Resource, ResourceKind, ResourceOf } from '../../src/resource/types.ts';

/** SHA-256 of files that the host was sent, by path. */
export type Received = ReadonlyMap<string, string>;

/** What answers depend on besides the resources. */
export interface Present {
  readonly received: Received;
  /** The kubelet's client certificate. */
  readonly kubeletPem: string;
}

/** What a query prints on a host where everything is as desired, one text for each resource. */
type Answers = { readonly [K in ResourceKind]?: (want: ResourceOf<K>, present: Present) => string };

const unknownDigest = ''.padEnd(64, '0');

const answers: Answers = {
  file: ({ path, mode, owner, content }, { received }) =>
    `${mode}${owner === undefined ? '' : `:${owner}`} ${received.get(path) ?? contentDigest(content) ?? unknownDigest} ${path}`,
  directory: ({ path, mode, owner }) =>
    `${mode} directory|${path}${owner === undefined ? '' : `\nowned ${path}`}`,
  binary: ({ path, artifact }) => `755 ${artifact.sha256} ${path}`,
  archive: ({ name, artifact }) => `archive ${name} ${artifact.sha256}`,
  package: ({ name }) => `${name} installed`,
  module: ({ name }) => name,
  user: ({ name }) => name,
  sysctl: ({ key, value }) => `/proc/sys/${key.replaceAll('.', '/')}:${value}`,
  unit: ({ name }) => `unit ${name} active current enabled`,
  // Without a bundle: pulled, so without a stamp.
  image: ({ refs, digests }) =>
    refs.map((ref) => `ref ${ref} type ${(digests ?? {})[ref]?.[0] ?? 'sha256:0'}`).join('\n'),
  'static-pod': ({ name, text }) =>
    `600 ${contentDigest({ kind: 'text', text }) ?? unknownDigest} ${manifestPath(name)}\nmark ${podProcess(name)}`,
  'client-certificate': (_want, { kubeletPem }) => `present\n${kubeletPem}`,
  'link-mtu': ({ link, below, overhead, mtu = 1500 }) => `${link} ${mtu - overhead}\n${below} ${mtu}`,
  'cni-config': () => 'live\nread',
};

/** What they print on a host that has nothing yet, and for kinds without an answer. */
const absent: Partial<Record<ResourceKind, string>> = {
  swap: 'read',
  'cni-config': 'read',
  'pod-network': 'read',
  'kubelet-checkpoint': 'read',
  selinux: 'now Disabled\nread',
};

/** The output of the queries of a host, by kind: nothing there yet (undefined), or everything as desired. */
export function answersOf(
  resources: readonly Resource[],
  present: Present | undefined,
): ReadonlyMap<string, string> {
  const texts = groupBy([...resources], ({ kind }) => kind).map((group) => {
    const [{ kind }] = group;
    const answer = answers[kind] as ((want: Resource, present: Present) => string) | undefined;
    const text =
      present !== undefined && answer !== undefined
        ? group.map((want) => answer(want, present)).join('\n')
        : '';
    return [kind, text === '' ? (absent[kind] ?? '') : text] as const;
  });
  return new Map(texts);
}
