import { isNode, type Host } from '../../../model/cluster.ts';
import type { Finding } from '../finding.ts';
import { hasBegun } from './begun.ts';
import { clusterHost, findingAt, type UpgradeCheckInput } from './input.ts';
import { remedies } from '../remedies.ts';

/** In MiB, without a bundle: the official images of a release unpacked beside their layers, and its release files. */
const estimate = { controlPlaneImages: 1000, workerImages: 500, files: 350 };

/** An image is stored twice: its layers, and their content. */
const timesStored = 2;

const ofControlPlane = /(^|\/)(kube-apiserver|kube-controller-manager|kube-scheduler|etcd)[:@]/;

/**
 * Whether every host has room for the new images, the fetched release files with the former ones beside them, and the
 * new programs. A file system that holds several of them needs room for all.
 */
export function diskFindings(input: UpgradeCheckInput): Finding[] {
  return [...snapshotFinding(input), ...hostFindings(input)];
}

/** A snapshot of etcd has at most the size of its database. It is taken before anything is disturbed. */
function snapshotFinding(input: UpgradeCheckInput): Finding[] {
  const { stateFolder } = input.seen;
  const needed = Math.max(0, ...[...input.inspections.values()].map((each) => each.etcdDatabaseMiB));
  if (stateFolder === undefined || stateFolder.freeMiB >= needed) return [];
  return [
    findingAt(
      clusterHost(input),
      'DiskSpace',
      'error',
      `${stateFolder.freeMiB} MiB free on this machine at ${stateFolder.path}; the snapshot of etcd needs up to ${needed} MiB there`,
      remedies.freeSpaceHere({ folder: stateFolder.path }),
    ),
  ];
}

function hostFindings(input: UpgradeCheckInput): Finding[] {
  const level = hasBegun(input) ? 'warning' : 'error';
  return input.cluster.hosts.flatMap((host) => {
    const inspection = input.inspections.get(host.name);
    if (inspection === undefined || !isNode(host)) return [];
    const { images, files } = needsOf(host, inspection.facts.architecture, input);
    const needs: Readonly<Record<string, number>> = {
      '/var/lib/containerd': images,
      '/var/lib/kboot': 2 * files,
      '/usr/bin': files,
    };
    const mounts = new Map<string, { readonly freeMiB: number; folders: string[]; needed: number }>();
    for (const { folder, freeMiB, mount } of inspection.space) {
      const entry = mounts.get(mount) ?? { freeMiB, folders: [], needed: 0 };
      entry.folders.push(folder);
      entry.needed += needs[folder] ?? 0;
      mounts.set(mount, entry);
    }
    return [...mounts].flatMap(([mount, { freeMiB, folders, needed }]) =>
      freeMiB >= needed
        ? []
        : [
            findingAt(
              host.name,
              'DiskSpace',
              level,
              `${freeMiB} MiB free on ${mount}, which has ${folders.join(', ')}; the upgrade needs ${input.bundle === undefined ? 'about ' : ''}${needed} MiB there`,
              remedies.freeSpaceThere,
            ),
          ],
    );
  });
}

/** MiB of the new images and of the new release files of a host. */
function needsOf(
  { roles }: Host,
  architecture: string,
  { bundle }: UpgradeCheckInput,
): { readonly images: number; readonly files: number } {
  const isPlane = roles.includes('control-plane');
  if (bundle === undefined)
    return {
      images: isPlane ? estimate.controlPlaneImages : estimate.workerImages,
      files: estimate.files,
    };
  const sizes = new Map(bundle.files.map(({ path, size }) => [path, size]));
  const archives = new Set(
    bundle.images
      .filter(({ ref, arch }) => arch === architecture && (isPlane || !ofControlPlane.test(ref)))
      .map(({ path }) => path),
  );
  const others = new Set(bundle.images.map(({ path }) => path));
  const own = bundle.files.filter(({ path, arch }) => arch === architecture && !others.has(path));
  const mib = (bytes: readonly number[]): number =>
    Math.ceil(bytes.reduce((sum, size) => sum + size, 0) / 1024 / 1024);
  return {
    images: timesStored * mib([...archives].map((path) => sizes.get(path) ?? 0)),
    files: mib(own.map(({ size }) => size)),
  };
}
