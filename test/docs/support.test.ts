import semver from 'semver';
import { expect, it } from 'vitest';
import { knownVersions, release } from '../../src/catalog/release.ts';
import { knownSystems } from '../../src/catalog/systems.ts';
import { read } from './documents.ts';
import { expectGenerated, markdownTable } from './generated.ts';

const document = 'docs/support.md';
const minorOf = (version: string): string =>
  `v${String(semver.parse(version)?.major)}.${String(semver.minor(version))}`;
const minors = [...new Set(knownVersions().map(minorOf))];

it('lists the Kubernetes versions of the catalog', async () => {
  const rows = minors.map((minor) => {
    const patches = knownVersions().filter((version) => minorOf(version) === minor);
    const [newest = '', oldest = newest] = [patches[0], patches.at(-1)];
    const { etcd, containerd, coredns, flannel } = release(newest);
    return [minor, `${oldest} to ${newest}`, etcd.split('-')[0] ?? '', containerd, coredns, flannel];
  });
  const head = ['minor', 'releases', 'etcd', 'containerd', 'CoreDNS', 'flannel'];
  await expectGenerated(document, 'kubernetes', markdownTable([head, ...rows]));
});

it('lists the distributions that are known', async () => {
  await expectGenerated(document, 'distributions', `${knownSystems}.`);
});

it('README names the same minors', () => {
  expect(read('README.md')).toContain(
    `Only Kubernetes ${minors.at(-1) ?? ''} to ${minors[0] ?? ''} is supported.`,
  );
});
