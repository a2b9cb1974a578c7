import { expect, it } from 'vitest';
import { contentsOf } from '../../src/desire/bundle-contents.ts';
import { desireCluster } from '../../src/desire/cluster.ts';
import { releaseOf } from '../../src/desire/context.ts';
import { objectKey, type KubeObject } from '../../src/kube/types.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide, type Known } from '../../src/plan/decide.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { Plan } from '../../src/plan/types.ts';
import { stepsOf } from '../../src/plan/steps.ts';
import { conditionText } from '../../src/plan/target.ts';
import { fresh, haCluster, issuedNow, knownOf, running } from './world.ts';

/* spec.kubeProxy.enabled: false, from the first run on, and as a change of a cluster that runs. */

const withProxy: Cluster = {
  ...haCluster,
  metallb: { pools: [{ name: 'a', addresses: ['10.0.0.200-10.0.0.210'] }] },
};
const without: Cluster = Object.fromEntries(
  Object.entries(withProxy).filter(([key]) => key !== 'kubeProxy'),
) as unknown as Cluster;

const known = async (cluster: Cluster): Promise<Known> => knownOf(await issuedNow(cluster));
const planned = (of: Known, seen: Observed): Plan => assemble(of, decide(of, seen), 'live', []);
const waits = ({ phases }: Plan): string[] =>
  phases.flatMap(({ batches }) =>
    batches.flatMap(({ gates }) => gates.map(({ condition }) => conditionText(condition))),
  );
const titles = (plan: Plan): string[] => stepsOf(plan).map(({ id }) => id);

const coredns = objectKey({ kind: 'Deployment', metadata: { namespace: 'kube-system', name: 'coredns' } });

/** The plan that switches kube-proxy off, on a cluster whose objects `manager` wrote. */
async function switchedOff(manager: string, runs = true): Promise<Plan> {
  const [was, now] = await Promise.all([known(withProxy), known(without)]);
  const seen = running(was);
  if (seen.api?.state !== 'present') throw new Error('no API');
  const managed = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      // An object without fields has no managers.
      ...(object.kind !== 'ServiceAccount' && { managedFields: [{ manager, operation: 'Apply' }] }),
    },
  });
  const objects = new Map([...seen.api.objects].map(([key, object]) => [key, managed(object)]));
  const hosts = new Map(
    [...seen.hosts].map(([name, host]) => [
      name,
      {
        ...host,
        observations: new Map([
          ...host.observations,
          [
            'service-rules kube-proxy',
            { state: 'present', found: { rules: ['38 chains of iptables-nft'], runs } } as const,
          ],
        ]),
      },
    ]),
  );
  const observed = { ...seen, hosts, api: { ...seen.api, objects } };
  return planned({ ...now, desire: { ...was.desire, cluster: without } }, observed);
}

it('installs nothing of kube-proxy, brings no image of it, and waits for nothing that needs Services', async () => {
  const of = await known(without);
  const plan = planned(of, fresh(of));
  const text = JSON.stringify(stepsOf(plan));
  expect(text).not.toMatch(/kube-proxy:v|DaemonSet kube-system\/kube-proxy/);
  expect(text).toMatch(/proxy:\\+n +disabled: true/);
  const waited = waits(plan);
  expect(waited).toContain('DaemonSet kube-flannel/kube-flannel-ds');
  expect(waited).toContain('Node w-1 Ready');
  expect(waited.filter((each) => /coredns|metallb|kube-proxy/.test(each))).toEqual([]);
  expect(text).not.toMatch(/IPAddressPool metallb-system/);
  expect(plan.warnings.join()).toMatch(
    /kubeProxy\.enabled is false, and CoreDNS is not ready.*MetalLB's pools/,
  );
  const images = (cluster: Cluster): string[] =>
    Object.keys(contentsOf(cluster, releaseOf(of.desire)).images);
  expect(images(without)).not.toContain('kube-proxy');
  expect(images(withProxy)).toContain('kube-proxy');
});

it('has nothing to do once something else implements Services, and then waits for CoreDNS', async () => {
  const of = await known(without);
  const seen = running(of);
  const plan = planned(of, seen);
  expect([titles(plan), plan.warnings]).toEqual([[], []]);
  if (seen.api?.state !== 'present') throw new Error('no API');
  const objects = new Map(seen.api.objects);
  for (const key of objects.keys()) if (/IPAddressPool/.test(key)) objects.delete(key);
  const again = planned(of, { ...seen, api: { ...seen.api, objects } });
  expect(JSON.stringify(stepsOf(again))).toMatch(/IPAddressPool/);
  expect(objects.has(coredns)).toBe(true);
});

it('switched off, its objects go after everything else, DaemonSet first, then its rules on each node', async () => {
  const plan = await switchedOff('kboot');
  const last = plan.phases.findLast(({ id }) => id !== 'record');
  expect(last?.id).toBe('kube-proxy-removed');
  expect(last?.after.map(({ phase }) => phase)).not.toContain('kube-proxy-removed');
  const [objects, rules] = last?.batches ?? [];
  expect(objects?.tasks).toHaveLength(1);
  expect(objects?.tasks[0]?.steps.map(({ id }) => id)).toEqual([
    'cluster: removes DaemonSet kube-system/kube-proxy',
    'cluster: removes ConfigMap kube-system/kube-proxy',
    'cluster: removes RoleBinding kube-system/kube-proxy',
    'cluster: removes Role kube-system/kube-proxy',
    'cluster: removes ClusterRoleBinding kubeadm:node-proxier',
    'cluster: removes ServiceAccount kube-system/kube-proxy',
  ]);
  expect(rules?.tasks.map(({ on }) => on)).toEqual(without.hosts.map(({ name }) => ({ host: name })));
  expect(plan.warnings).toEqual([]);
  // Nothing on hosts changes but that.
  expect(titles(plan).filter((id) => /^(cp|w)-/.test(id))).toEqual(
    without.hosts.map(({ name }) => `${name}: service-rules kube-proxy`),
  );
});

it("leaves somebody else's kube-proxy and its rules alone, and says so", async () => {
  const plan = await switchedOff('helm');
  expect(titles(plan).filter((id) => /kube-proxy/.test(id))).toEqual([]);
  expect(plan.warnings.join()).toMatch(/a kube-proxy that kboot did not install runs; its rules stay/);
  // Without a process, they are leftovers.
  const leftovers = await switchedOff('helm', false);
  expect(titles(leftovers).filter((id) => /service-rules/.test(id))).toHaveLength(without.hosts.length);
});

it('keeps objects of these names that an add-on has', async () => {
  const of = await known({
    ...without,
    addons: [
      {
        name: 'own-proxy',
        namespace: 'kube-system',
        after: [],
        manifests: [],
        images: [],
        prune: 'all',
        timeoutSeconds: 1,
      },
    ],
  });
  const daemonSet: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'kube-proxy', namespace: 'kube-system' },
  };
  const { retired = [] } = desireCluster({ ...of.desire, addons: new Map([['own-proxy', [daemonSet]]]) });
  expect(retired.map(({ kind }) => kind)).toEqual([
    'ConfigMap',
    'RoleBinding',
    'Role',
    'ClusterRoleBinding',
    'ServiceAccount',
  ]);
});
