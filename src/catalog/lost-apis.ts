/**
 * Resources of API versions that a minor no longer has: its API server neither serves their objects nor can read them
 * from etcd. From the differences between staging/src/k8s.io/api and pkg/registry of v1.34, v1.35 and v1.36, and from
 * CHANGELOG-1.37. Versions that go while a later version of the same resource stays readable are not in it.
 */
export const lostApis: readonly {
  readonly lostIn: number;
  readonly groupVersion: string;
  readonly resources: readonly string[];
}[] = [
  { lostIn: 35, groupVersion: 'certificates.k8s.io/v1alpha1', resources: ['podcertificaterequests'] },
  { lostIn: 35, groupVersion: 'storagemigration.k8s.io/v1alpha1', resources: ['storageversionmigrations'] },
  { lostIn: 36, groupVersion: 'scheduling.k8s.io/v1alpha1', resources: ['workloads'] },
  { lostIn: 37, groupVersion: 'scheduling.k8s.io/v1alpha2', resources: ['workloads', 'podgroups'] },
];
