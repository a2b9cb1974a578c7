import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog/release.ts';
import { artifacts } from '../../src/catalog/artifacts.ts';
import { pathInBundle } from '../../src/desire/bundle-contents.ts';
import { bundleSbom, type SpdxDocument } from '../../src/desire/bundle-sbom.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';

const release = catalog.get('v1.36.2');
const official = artifacts(release, 'amd64').map((each) => ({
  ...{ path: pathInBundle(each), size: 1, sha256: each.sha256, arch: 'amd64' },
}));
const digest = `sha256:${'ab'.repeat(32)}`;
const index: BundleIndex = {
  apiVersion: 'kboot.dev/v1',
  kind: 'Bundle',
  kubernetesVersion: 'v1.36.2',
  files: [
    ...official.map((file) => (file.path.endsWith('/runc') ? { ...file, sha256: '0'.repeat(64) } : file)),
    { path: 'images/linux-amd64/coredns.tar', size: 2, sha256: 'c'.repeat(64), arch: 'amd64' },
    { path: `programs/${'d'.repeat(64)}`, size: 3, sha256: 'd'.repeat(64), arch: 'amd64' },
  ],
  images: [
    {
      ...{ ref: 'registry.example.com:5000/k8s/coredns:v1.14.2', path: 'images/linux-amd64/coredns.tar' },
      ...{ arch: 'amd64', digest },
    },
    { ref: 'docker.io/library/busybox:1', path: 'images/linux-amd64/coredns.tar', arch: 'amd64' },
  ],
};
const options = { created: 1_767_225_600, kboot: '0.1.0' };
const sbom = bundleSbom(index, release, options);
const named = (path: string) => sbom.packages.find(({ packageFileName }) => packageFileName === path);

/** What SPDX 2.3 demands of a document and its packages: schemas/spdx-schema.json, and clauses 6, 7 and 11 of the specification. */
type Stated = Readonly<Record<'spdxVersion' | 'dataLicense' | 'SPDXID', string>> &
  Omit<SpdxDocument, 'spdxVersion' | 'dataLicense' | 'SPDXID'>;

function shortcomings(document: Stated): string[] {
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) found.push(what);
  };
  const ids = [document.SPDXID, ...document.packages.map(({ SPDXID }) => SPDXID)];
  must(document.spdxVersion === 'SPDX-2.3' && document.dataLicense === 'CC0-1.0', 'version, licence');
  must(document.SPDXID === 'SPDXRef-DOCUMENT' && document.name !== '', 'ID and name');
  must(URL.canParse(document.documentNamespace) && !document.documentNamespace.includes('#'), 'namespace');
  must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(document.creationInfo.created), 'created');
  must(
    document.creationInfo.creators.every((each) => /^(Tool|Person|Organization): ./.test(each)),
    'creators',
  );
  must(document.creationInfo.creators.length > 0, 'a creator');
  must(new Set(ids).size === ids.length, 'unique IDs');
  for (const each of document.packages) {
    must(/^SPDXRef-[A-Za-z0-9.-]+$/.test(each.SPDXID), `${each.SPDXID}: ID`);
    must(each.name !== '' && each.downloadLocation !== '', `${each.SPDXID}: name, downloadLocation`);
    must(
      each.downloadLocation === 'NOASSERTION' || URL.canParse(each.downloadLocation),
      `${each.SPDXID}: downloadLocation`,
    );
    must(
      (each.checksums ?? []).every(({ checksumValue }) => /^[0-9a-f]{64}$/.test(checksumValue)),
      `${each.SPDXID}: checksums`,
    );
    must(
      (each.externalRefs ?? []).every(({ referenceLocator }) => /^pkg:\w+\/\S+$/.test(referenceLocator)),
      `${each.SPDXID}: externalRefs`,
    );
  }
  for (const { spdxElementId, relatedSpdxElement } of document.relationships)
    must(ids.includes(spdxElementId) && ids.includes(relatedSpdxElement), `${relatedSpdxElement}: related`);
  must(
    document.relationships.some(({ relationshipType }) => relationshipType === 'DESCRIBES'),
    'describes something',
  );
  return found;
}

describe('bundleSbom', () => {
  it('has what SPDX 2.3 demands', () => {
    expect(shortcomings(sbom)).toEqual([]);
    expect(shortcomings({ ...sbom, packages: [...sbom.packages, ...sbom.packages] })).toEqual(['unique IDs']);
  });

  it('has every file with its SHA-256, and an origin only where the SHA-256 proves it', () => {
    for (const { path, sha256 } of index.files)
      expect(named(path)?.checksums).toEqual([{ algorithm: 'SHA256', checksumValue: sha256 }]);
    expect(named('bin/linux-amd64/kubelet')).toMatchObject({
      ...{ name: 'kubelet', versionInfo: '1.36.2', licenseDeclared: 'Apache-2.0' },
      downloadLocation: 'https://dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubelet',
      externalRefs: [{ referenceLocator: 'pkg:generic/kubelet@1.36.2?arch=amd64' }],
    });
    expect(named('bin/linux-amd64/runc')).toMatchObject({
      downloadLocation: 'NOASSERTION',
      comment: 'Not the official build: its SHA-256 is another.',
    });
    expect(named(`programs/${'d'.repeat(64)}`)).toMatchObject({ licenseDeclared: 'NOASSERTION' });
  });

  it('has every image as a package, contained in its archive', () => {
    const images = sbom.packages.filter(({ primaryPackagePurpose }) => primaryPackagePurpose === 'CONTAINER');
    expect(images.map(({ name, versionInfo }) => [name, versionInfo])).toEqual([
      ['registry.example.com:5000/k8s/coredns', 'v1.14.2'],
      ['docker.io/library/busybox', '1'],
    ]);
    expect(images[0]?.externalRefs?.[0]?.referenceLocator).toBe(
      `pkg:oci/coredns@sha256%3A${'ab'.repeat(32)}?arch=amd64&repository_url=registry.example.com%3A5000%2Fk8s%2Fcoredns&tag=v1.14.2`,
    );
    const archive = named('images/linux-amd64/coredns.tar')?.SPDXID;
    expect(
      sbom.relationships
        .filter(({ spdxElementId }) => spdxElementId === archive)
        .map((each) => each.relatedSpdxElement),
    ).toEqual(images.map(({ SPDXID }) => SPDXID));
  });

  it('is the same for the same bundle, with another namespace for another', () => {
    expect(JSON.stringify(bundleSbom(index, release, options))).toBe(JSON.stringify(sbom));
    const other = bundleSbom({ ...index, images: [] }, release, options);
    expect(other.documentNamespace).not.toBe(sbom.documentNamespace);
    expect(shortcomings(bundleSbom(index, undefined, options))).toEqual([]);
  });
});
