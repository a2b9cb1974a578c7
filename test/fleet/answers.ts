import { assumedFacts } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/cluster.ts';
import { groupBy } from '../../src/view/group.ts';
import { contentDigest } from '../../src/resource/file.ts';
import type { Resource, ResourceKind, ResourceOf } from '../../src/resource/types.ts';

/** SHA-256 of files that the host was sent, by path. */
export type Received = ReadonlyMap<string, string>;

/** What a query prints on a host where everything is as desired, one text for each resource. */
type Present = { readonly [K in ResourceKind]?: (want: ResourceOf<K>, received: Received) => string };

/** Kinds of the stages host and runtime. */
const present: Present = {
  file: ({ path, mode, content }, received) =>
    `${mode} ${received.get(path) ?? contentDigest(content) ?? ''.padEnd(64, '0')} ${path}`,
  directory: ({ path, mode, owner }) =>
    `${mode} directory|${path}${owner === undefined ? '' : `\nowned ${path}`}`,
  binary: ({ path, artifact }) => `755 ${artifact.sha256} ${path}`,
  archive: ({ name, artifact }) => `archive ${name} ${artifact.sha256}`,
  package: ({ name }) => `${name} installed`,
  module: ({ name }) => name,
  user: ({ name }) => name,
  sysctl: ({ key, value }) => `${key}=${value}`,
  unit: ({ name }) => `unit ${name} active current\nfile enabled`,
  // Without a bundle: pulled, so without a stamp.
  image: ({ refs, digests }) =>
    refs.map((ref) => `ref ${ref} type ${(digests ?? {})[ref]?.[0] ?? 'sha256:0'}`).join('\n'),
};

/** What they print on a host that has nothing yet. */
const absent: Partial<Record<ResourceKind, string>> = {
  swap: 'read',
  'cni-config': 'read',
  selinux: 'now Disabled\nread',
};

/** The output of the queries of a host, by kind: nothing there yet, or everything as desired. */
export function answersOf(
  resources: readonly Resource[],
  isPresent: boolean,
  received: Received,
): ReadonlyMap<string, string> {
  const texts = groupBy([...resources], ({ kind }) => kind).map((group) => {
    const [{ kind }] = group;
    const answer = present[kind] as ((want: Resource, received: Received) => string) | undefined;
    const text =
      isPresent && answer !== undefined ? group.map((want) => answer(want, received)).join('\n') : '';
    return [kind, text === '' ? (absent[kind] ?? '') : text] as const;
  });
  return new Map(texts);
}

/** What the inspection of a host prints: a Debian that meets every requirement, with `assumedFacts`. */
export function inspectionOf({ name, address }: Host, clusterId: string): string {
  const { os, caDirectories } = assumedFacts;
  const gib = 64 * 1024 * 1024;
  return [
    `os=${os.id}\nosVersion=${os.versionId}\nbits=64\nmanager=apt\nmachine=x86_64\nkernel=6.1.0-40-amd64`,
    `cpus=8\nmemKiB=${gib}\ncgroup=cgroup2fs\nsystemd=1\nhostname=${name}\nmachineId=id-${name}\nproductUuid=`,
    `address=${address}/16 eth0\nmac=52:54:00:00:00:01\nlisten-t=22 sshd`,
    ...['/var/lib', '/usr/local', '/etc'].map((folder) => `free=${folder} ${gib}`),
    ...['/var/lib/containerd', '/var/lib/kboot', '/usr/bin'].map((folder) => `space=${folder} ${gib} /`),
    `clusterId=${clusterId}\netcdServers=\netcdUser= \netcdIdOf= \ncaDigest=\netcd=absent\netcdDataDir=\nlookupMs=1`,
    ...caDirectories.map((folder) => `caDirectory=${folder}`),
    `now=${Date.now()}000000`,
  ].join('\n');
}
