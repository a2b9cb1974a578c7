import { describe, expect, it } from 'vitest';
import { packagesOf } from '../../src/catalog/systems.ts';
import { packagesInBundle } from '../../src/desire/bundle-contents.ts';
import { packagesFor, type Desire } from '../../src/desire/context.ts';
import { desireHost } from '../../src/desire/host.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { assumedFacts, type HostFacts } from '../../src/model/facts.ts';
import { packageKind } from '../../src/resource/package.ts';
import type { ArchiveResource, PackageResource } from '../../src/resource/types.ts';
import type { Bundle } from '../../src/store/bundle.ts';
import { issued } from '../samples/desire.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const path = packagesInBundle('debian-12', 'amd64');
const ofRocky = packagesInBundle('rocky-9', 'amd64');
const facts: HostFacts = { ...assumedFacts, os: { ...assumedFacts.os, id: 'debian', versionId: '12' } };

/** What a control plane with everything that needs a package wants, from a bundle with the packages of Debian 12. */
async function wanted(of: HostFacts): Promise<{ packages: PackageResource[]; archives: ArchiveResource[] }> {
  const text = inventoryWith([
    'loadBalancer: {virtualIP: 10.0.0.100, virtualRouterID: 51}',
    'etcd: {backup: {schedule: daily}}',
  ]);
  const { cluster, diagnostics } = parseInventory(text, optionsFor('test.yaml'));
  if (cluster === undefined) throw new Error(JSON.stringify(diagnostics));
  const desire = await issued(cluster);
  const file = { path, size: 40_000_000, sha256: 'a'.repeat(64), arch: 'amd64' };
  const bundle: Desire['bundle'] = {
    ...{
      apiVersion: 'kboot.dev/v1',
      kind: 'Bundle',
      kubernetesVersion: 'v1.36.2',
      directory: '/b',
      images: [],
    },
    files: [
      file,
      { ...file, path: ofRocky },
      ...['kubelet', 'kubectl', 'runc'].map((name) => ({ ...file, path: `bin/linux-amd64/${name}` })),
      ...['containerd-2.2.7', 'cni-plugins-1.9.1', 'crictl-1.36.0', 'etcd-3.6.8'].map((name) => ({
        ...file,
        path: `archives/linux-amd64/${name}.tar.gz`,
      })),
    ],
  };
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error('no host');
  const all = desireHost({ ...desire, bundle }, host, of);
  return {
    packages: all.filter((each): each is PackageResource => each.kind === 'package'),
    archives: all.filter((each): each is ArchiveResource => each.kind === 'archive'),
  };
}

describe('packages in the bundle', () => {
  it('are on the host before the first is installed, and each is one that `bundle create` brings', async () => {
    const { packages, archives } = await wanted(facts);
    const names = packages.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['curl', 'haproxy', 'iptables', 'keepalived']));
    expect(packagesOf('debian-12')).toEqual(expect.arrayContaining(names));
    expect(archives[0]).toMatchObject({
      ...{ name: 'packages', destination: '/var/lib/kboot/packages' },
      artifact: { title: 'packages of Debian 12', source: { kind: 'bundle', path } },
    });
    for (const each of packages) expect(each.source).toBe('/var/lib/kboot/packages');
    const [first] = packages;
    if (first === undefined) throw new Error('no package');
    expect(packageKind.action(first, { state: 'absent' }, { disturbed: new Set() })).toMatchObject({
      reason: 'from the packages in the bundle',
      script: `kb_apt_from /var/lib/kboot/packages ${first.name}`,
    });
  });

  it('are dnf’s on Rocky Linux and its like', async () => {
    const rocky = { ...facts, os: { ...facts.os, id: 'rocky', versionId: '9.6' } };
    const { packages, archives } = await wanted(rocky);
    expect(archives[0]?.artifact.source).toMatchObject({ kind: 'bundle', path: ofRocky });
    expect(packagesOf('rocky-9')).toEqual(expect.arrayContaining(packages.map(({ name }) => name)));
    const [first] = packages;
    if (first === undefined) throw new Error('no package');
    expect(packageKind.action(first, { state: 'absent' }, { disturbed: new Set() })).toMatchObject({
      script: `kb_dnf_from /var/lib/kboot/packages ${first.name}`,
    });
  });

  it('are not for another version or architecture: these hosts use their own sources', async () => {
    const other = { ...facts, os: { ...facts.os, versionId: '13' } };
    const { packages, archives } = await wanted(other);
    expect(archives.filter(({ name }) => name === 'packages')).toEqual([]);
    expect(packages.filter(({ source }) => source !== undefined)).toEqual([]);
    const bundle = { files: [{ path, size: 1, sha256: 'a'.repeat(64), arch: 'amd64' }] } as Bundle;
    expect(packagesFor(bundle, facts)?.path).toBe(path);
    expect(packagesFor(bundle, { ...facts, architecture: 'arm64' })).toBeUndefined();
  });
});
