import { artifacts } from '../catalog/artifacts.ts';
import type { Release } from '../catalog/release.ts';
import { sha256 } from '../model/digest.ts';
import type { BundleImage, BundleIndex } from '../store/bundle.ts';
import { originsOf, type Originated } from './bundle-origin.ts';
import { pathInBundle } from './bundle-contents.ts';
import { nameOfFile, versionIn } from './release-files.ts';

/*
 * A software bill of materials of a bundle: SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3). Files are packages
 * with a packageFileName: an SPDX file needs a SHA-1, which nothing else here has.
 */

/** A package, with the fields of SPDX that are used. */
export interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo?: string;
  readonly packageFileName?: string;
  readonly supplier: 'NOASSERTION';
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly checksums?: readonly { readonly algorithm: 'SHA256'; readonly checksumValue: string }[];
  readonly licenseConcluded: 'NOASSERTION';
  readonly licenseDeclared: string;
  readonly copyrightText: 'NOASSERTION';
  readonly comment?: string;
  readonly primaryPackagePurpose: 'APPLICATION' | 'ARCHIVE' | 'CONTAINER' | 'FILE' | 'INSTALL';
  readonly externalRefs?: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER';
    readonly referenceType: 'purl';
    readonly referenceLocator: string;
  }[];
}

/** An SPDX document. */
export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3';
  readonly dataLicense: 'CC0-1.0';
  readonly SPDXID: 'SPDXRef-DOCUMENT';
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: 'DESCRIBES' | 'CONTAINS';
    readonly relatedSpdxElement: string;
  }[];
}

const unknown = 'NOASSERTION' as const;
const common = {
  supplier: unknown,
  filesAnalyzed: false,
  licenseConcluded: unknown,
  copyrightText: unknown,
} as const;
/** Of every release file that kboot knows: their repositories' LICENSE. */
const releaseLicence = 'Apache-2.0';
const bundleId = 'SPDXRef-Bundle';

/**
 * The document of a bundle: everything in its index, in order. `release`: what the lock or the catalog has for its version;
 * an origin is stated only for what it proves. `created`: seconds since 1970; with the same index and time, the text is the same.
 */
export function bundleSbom(
  index: BundleIndex,
  release: Release | undefined,
  { created, kboot }: { readonly created: number; readonly kboot: string },
): SpdxDocument {
  const origins = originsOf(release, index);
  const files = index.files.map((file) => filePackage(file, index, release, originOf(origins, file.path)));
  const images = index.images.map((image) => imagePackage(image, originOf(origins, image.path, image.ref)));
  const digest = sha256(Buffer.from(JSON.stringify([index.kubernetesVersion, index.files, index.images])));
  const contains = (from: string, to: string) =>
    ({ spdxElementId: from, relationshipType: 'CONTAINS', relatedSpdxElement: to }) as const;
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `kboot-bundle-${index.kubernetesVersion}`,
    documentNamespace: `https://kboot.dev/spdx/bundle-${index.kubernetesVersion}-${digest}`,
    creationInfo: {
      created: new Date(created * 1000).toISOString().replace('.000Z', 'Z'),
      creators: [`Tool: kboot-${kboot}`],
    },
    packages: [
      {
        SPDXID: bundleId,
        name: 'kboot-bundle',
        versionInfo: index.kubernetesVersion,
        ...common,
        downloadLocation: unknown,
        licenseDeclared: unknown,
        primaryPackagePurpose: 'INSTALL',
      },
      ...files,
      ...images,
    ],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: bundleId,
      },
      ...files.map(({ SPDXID }) => contains(bundleId, SPDXID)),
      ...index.images.map((image) => contains(fileId(image.path), imageId(image))),
    ],
  };
}

function originOf(origins: readonly Originated[], path: string, ref?: string): Originated | undefined {
  return origins.find((each) => each.path === path && each.ref === ref);
}

function filePackage(
  { path, sha256: sum, arch }: BundleIndex['files'][number],
  index: BundleIndex,
  release: Release | undefined,
  origin: Originated | undefined,
): SpdxPackage {
  const named = nameOfFile(path);
  const isImage = path.startsWith('images/');
  const official =
    release === undefined || named === undefined || origin?.origin !== 'official'
      ? undefined
      : artifacts(release, named.arch).find((each) => pathInBundle(each) === path && each.sha256 === sum);
  const version =
    official?.version ??
    (path.startsWith('bin/') && (named?.name === 'kubelet' || named?.name === 'kubectl')
      ? index.kubernetesVersion.slice(1)
      : versionIn(path));
  const comment = isImage
    ? 'An archive of container images.'
    : path.startsWith('packages/')
      ? 'An archive of packages of a distribution.'
      : origin?.origin === 'other'
        ? 'Not the official build: its SHA-256 is another.'
        : undefined;
  return {
    SPDXID: fileId(path),
    name: named?.name ?? path.slice(path.lastIndexOf('/') + 1),
    ...(version !== undefined && { versionInfo: version }),
    packageFileName: path,
    ...common,
    downloadLocation: official?.url ?? unknown,
    checksums: [{ algorithm: 'SHA256', checksumValue: sum }],
    licenseDeclared: named === undefined ? unknown : releaseLicence,
    ...(comment !== undefined && { comment }),
    primaryPackagePurpose: path.startsWith('bin/')
      ? 'APPLICATION'
      : isImage || /^(archives|charts|packages)\//.test(path)
        ? 'ARCHIVE'
        : 'FILE',
    ...(official && {
      externalRefs: [purl(`pkg:generic/${official.name}@${official.version}?arch=${arch}`)],
    }),
  };
}

function imagePackage(image: BundleImage, origin: Originated | undefined): SpdxPackage {
  const [, repository = image.ref, tag = ''] = /^(.+?):([^:/]+)$/.exec(image.ref.replace(/@.*$/, '')) ?? [];
  const digest = image.index ?? image.digest;
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const of = digest === undefined ? '' : `@${encodeURIComponent(digest)}`;
  const query = `arch=${image.arch}&repository_url=${encodeURIComponent(repository)}&tag=${encodeURIComponent(tag)}`;
  return {
    SPDXID: imageId(image),
    name: repository,
    ...(tag !== '' && { versionInfo: tag }),
    ...common,
    downloadLocation: origin?.origin === 'official' ? `https://${repository}` : unknown,
    ...(digest !== undefined && {
      checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }],
    }),
    licenseDeclared: unknown,
    comment: `In ${image.path}.${origin?.origin === 'other' ? ' Not the official build: its digest is another.' : ''}`,
    primaryPackagePurpose: 'CONTAINER',
    externalRefs: [purl(`pkg:oci/${name}${of}?${query}`)],
  };
}

function purl(locator: string): NonNullable<SpdxPackage['externalRefs']>[number] {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator };
}

/** IDs have letters, digits, dots and dashes only; the digest keeps two names apart that differ in other characters. */
const idOf = (kind: string, text: string): string =>
  `SPDXRef-${kind}-${text.replaceAll(/[^A-Za-z0-9.-]+/g, '-')}-${sha256(Buffer.from(text)).slice(0, 8)}`;
const fileId = (path: string): string => idOf('File', path);
const imageId = ({ ref, arch }: BundleImage): string => idOf('Image', `${ref} ${arch}`);
