import { desireAddons } from '../../src/desire/addons.ts';
import { addonRecordObject, readAddonRecord, recorded, type DesiredAddon } from '../../src/kube/addons.ts';
import { refKey, servedKey } from '../../src/kube/scopes.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Addon, Chart } from '../../src/model/addon.ts';
import type { AddonsObservation } from '../../src/observe/addons.ts';
import type { ClusterObservation } from '../../src/observe/cluster.ts';

/** An add-on of an inventory with its defaults. */
export function addonOf(name: string, more: Partial<Addon> = {}): Addon {
  return {
    ...{ name, after: [], manifests: [], images: [], prune: 'except-data', timeoutSeconds: 300 },
    ...more,
  };
}

/** A chart on this machine with its defaults. */
export function chartOf(path: string, more: Partial<Chart> = {}): Chart {
  return {
    ...{ source: { path }, release: 'a', values: {}, valuesFiles: [], apiVersions: [], hooks: false },
    ...more,
  };
}

/** An object as a manifest has it. */
export function objectOf(apiVersion: string, kind: string, name: string, more: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name }, ...more };
}

export const widgets = objectOf(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'widgets.example.com',
  { spec: { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' }, scope: 'Namespaced' } },
);

/** What is desired of add-ons with these objects. */
export function desiredAddons(
  stated: Readonly<Record<string, readonly KubeObject[]>>,
  more: Readonly<Record<string, Partial<Addon>>> = {},
): readonly DesiredAddon[] {
  return desireAddons(
    Object.keys(stated).map((name) => addonOf(name, more[name])),
    new Map(Object.entries(stated)),
  );
}

/** A cluster that has applied these add-ons, and whose objects are healthy. */
export function appliedAddons(
  addons: readonly DesiredAddon[],
  more: Partial<AddonsObservation> = {},
): ClusterObservation & { readonly state: 'present'; readonly addons: AddonsObservation } {
  const objects = addons.flatMap((addon) => addon.objects);
  return {
    ...{ state: 'present', objects: new Map(), nodes: new Map(), pods: new Map() },
    addons: {
      records: new Map(
        addons.flatMap(({ name, after, prune, objects: own }) => {
          const live = addonRecordObject({ name, after, prune, objects: own.map(recorded) });
          const record = readAddonRecord(live);
          return record === undefined ? [] : [[name, { record, live }] as const];
        }),
      ),
      objects: new Map(objects.map((object) => [refKey(object), healthy(object)])),
      served: new Map(objects.map((object) => [servedKey(object), served(object)])),
      ...{ unread: new Map(), dryRuns: new Map(), instances: new Map() },
      ...more,
    },
  };
}

const served = ({ kind, metadata }: KubeObject): { plural: string; namespaced: boolean } => ({
  plural: `${kind.toLowerCase()}s`,
  namespaced: metadata.namespace !== undefined,
});

/** As the API has it once its controller is done. */
export function healthy(object: KubeObject): KubeObject {
  return {
    ...object,
    status: {
      ...{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
      conditions: ['Ready', 'Established', 'Complete', 'Available'].map((type) => ({ type, status: 'True' })),
    },
  };
}
