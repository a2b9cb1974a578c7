import { expect, it } from 'vitest';
import { objectKey, type KubeObject } from '../../src/kube/types.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { without } from '../../src/model/without.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide, type Decision, type Known } from '../../src/plan/decide.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { Plan } from '../../src/plan/types.ts';
import { stepsOf } from '../../src/plan/steps.ts';
import { conditionText } from '../../src/plan/target.ts';
import { appliedAddons, desiredAddons, objectOf } from '../samples/addons.ts';
import { fresh, haCluster, issuedNow, knownOf, running } from './world.ts';

/* spec.networking.cni: none, from the first run on, and as a change of a cluster that runs. */

const { podSubnets, serviceSubnets, dnsDomain } = haCluster.networking;
const networks = { podSubnets, serviceSubnets, dnsDomain };
const pools = { metallb: { pools: [{ name: 'a', addresses: ['10.0.0.200-10.0.0.210'] }] } };
const none: Cluster = { ...haCluster, ...pools, networking: networks };
const flannel: Cluster = { ...haCluster, ...pools };

interface Made {
  readonly decision: Decision;
  readonly plan: Plan;
}
function made(known: Known, seen: Observed): Made {
  const decision = decide(known, seen);
  return { decision, plan: assemble(known, decision, 'live', []) };
}
const known = async (cluster: Cluster): Promise<Known> => knownOf(await issuedNow(cluster));
const waits = ({ phases }: Plan): string[] =>
  phases.flatMap(({ batches }) =>
    batches.flatMap(({ gates }) => gates.map(({ condition }) => conditionText(condition))),
  );

it('installs nothing of flannel, and waits for nothing that needs a Pod network', async () => {
  const of = await known(none);
  const { plan } = made(of, fresh(of));
  expect(JSON.stringify(stepsOf(plan))).not.toMatch(/kube-flannel|flanneld|flannel:|vxlan|cni-config/);
  const waited = waits(plan);
  expect(waited).toContain('Node w-1 registered');
  expect(waited).toContain('DaemonSet kube-system/kube-proxy');
  expect(waited.filter((text) => /Ready|coredns|metallb/.test(text))).toEqual([]);
  expect(JSON.stringify(stepsOf(plan))).not.toMatch(/IPAddressPool metallb-system/);
  expect(plan.warnings.join()).toMatch(/cni is none, and no Node is Ready yet.*MetalLB's pools/);
});

it('waits for Nodes and Pods as usual once a CNI is there', async () => {
  const of = await known(none);
  const seen = running(of);
  if (seen.api?.state !== 'present') throw new Error('no API');
  const objects = new Map(seen.api.objects);
  for (const key of objects.keys()) if (/coredns|IPAddressPool/.test(key)) objects.delete(key);
  const { plan } = made(of, { ...seen, api: { ...seen.api, objects } });
  expect(waits(plan)).toContain('Deployment kube-system/coredns');
  expect(JSON.stringify(stepsOf(plan))).toMatch(/IPAddressPool/);
  expect(plan.warnings).toEqual([]);
});

it('has nothing to do on a cluster that runs, whatever of flannel is on hosts', async () => {
  const of = await known(none);
  const seen = running(of);
  const hosts = new Map(
    [...seen.hosts].map(([name, host]) => [
      name,
      {
        ...host,
        inspection: { ...host.inspection, flannelRuns: true, flannelSubnets: ['10.99.0.1/24'] },
      },
    ]),
  );
  expect(stepsOf(made(of, { ...seen, hosts }).plan)).toEqual([]);
});

it('to none, nothing of flannel is removed', async () => {
  const [before, after] = await Promise.all([known(flannel), known(none)]);
  const { plan } = made({ ...after, desire: { ...before.desire, cluster: none } }, running(before));
  expect(stepsOf(plan).filter(({ verb }) => verb === 'delete')).toEqual([]);
  expect(stepsOf(plan).flatMap(({ effects }) => effects)).toEqual([]);
});

it('to flannel, is refused while hosts have the network of another CNI', async () => {
  const of = await known(flannel);
  const foreign = (flannelThere: boolean): Made => {
    const seen = running(of, {
      changed: (host, { kind }) =>
        kind === 'cni-config' && host === 'w-1'
          ? { state: 'present', found: { files: ['05-calico.conflist'], wrappers: [], live: flannelThere } }
          : undefined,
    });
    if (seen.api?.state !== 'present') throw new Error('no API');
    const objects = new Map(seen.api.objects);
    if (!flannelThere)
      objects.delete(
        objectKey({ kind: 'DaemonSet', metadata: { namespace: 'kube-flannel', name: 'kube-flannel-ds' } }),
      );
    return made(of, { ...seen, api: { ...seen.api, objects } });
  };
  const refused = ({ decision }: Made): string[] =>
    decision.findings.flatMap(({ check, host }) => (check === 'ForeignNetwork' ? [host] : []));
  expect(refused(foreign(false))).toEqual(['w-1']);
  expect(refused(foreign(true))).toEqual([]);
});

/** A DaemonSet as CNIs have it, and what else an inventory may list. */
const writer = (name: string, folder = '/etc/cni/net.d/', image = 'quay.io/calico/node'): KubeObject =>
  objectOf('apps/v1', 'DaemonSet', name, {
    metadata: { name, namespace: 'kube-system' },
    spec: {
      template: {
        spec: {
          hostNetwork: true,
          containers: [{ name, image }],
          volumes: [
            { name: 'a', hostPath: null },
            { name: 'b', hostPath: { path: folder } },
          ],
        },
      },
    },
  });
const listed = {
  shop: [objectOf('v1', 'ConfigMap', 'shop')],
  calico: [objectOf('v1', 'ServiceAccount', 'calico'), writer('calico-node')],
  rights: [objectOf('v1', 'ConfigMap', 'rights')],
};
const withAddons = async (
  cluster: Cluster,
  objects: Readonly<Record<string, readonly KubeObject[]>> = listed,
): Promise<Known> => {
  const of = await known(cluster);
  const addons = desiredAddons(objects, { calico: { after: ['rights'] } });
  return { ...of, desired: { ...of.desired, addons } };
};

it('an add-on that brings the Pod network goes before all that needs it, which is waited for in the same run', async () => {
  const of = await withAddons(none);
  const { plan } = made(of, fresh(of));
  const ids = plan.phases.map(({ id }) => id);
  expect(ids.slice(ids.indexOf('addons'))).toEqual([
    'addons',
    'addon-rights',
    'addon-calico',
    'readiness',
    'addon-shop',
  ]);
  const needs = (id: string): string[] =>
    plan.phases.find((each) => each.id === id)?.after.map(({ phase }) => phase) ?? [];
  expect(needs('addon-calico')).not.toContain('readiness');
  expect(needs('readiness')).toEqual(expect.arrayContaining(['addon-calico', 'addon-rights']));
  expect(needs('addon-shop')).toEqual(expect.arrayContaining(['addon-calico', 'readiness']));
  expect(waits(plan)).toEqual(expect.arrayContaining(['Node w-1 Ready', 'Deployment kube-system/coredns']));
  expect(JSON.stringify(stepsOf(plan))).toMatch(/IPAddressPool metallb-system/);
  expect(plan.warnings).toEqual([]);
});

it('one that replaces kube-proxy too is waited for by what needs Services', async () => {
  const of = await withAddons(without(none, 'kubeProxy'));
  const { plan } = made(of, fresh(of));
  expect(waits(plan)).toContain('Deployment kube-system/coredns');
  expect(plan.warnings).toEqual([]);
});

it('an operator that will make the DaemonSet is not seen, and the plan says what it does not wait for', async () => {
  const of = await withAddons(none, { shop: listed.shop });
  const { plan } = made(of, fresh(of));
  expect(waits(plan).filter((text) => /Ready|coredns/.test(text))).toEqual([]);
  expect(plan.warnings.join()).toMatch(/until you install a CNI, or an operator among your add-ons does/);
});

it('beside flannel it is refused, unless it is a link in its chain', async () => {
  const refused = async (object: KubeObject): Promise<string[]> => {
    const of = await withAddons(flannel, { net: [object] });
    return made(of, fresh(of)).decision.findings.flatMap(({ check, message }) =>
      check === 'ForeignNetwork' ? [message] : [],
    );
  };
  expect(await refused(writer('calico-node'))).toEqual([
    'spec.networking.cni is flannel, and add-on net brings another Pod network: its DaemonSet kube-system/calico-node writes to /etc/cni/net.d of its nodes',
  ]);
  expect(
    await refused(writer('kube-multus-ds', '/etc/cni/net.d', 'ghcr.io/k8snetworkplumbingwg/multus-cni')),
  ).toEqual([]);
  expect(await refused(writer('exporter', '/'))).toEqual([]);
});

it('without its add-on, the plan says what stops and what stays on hosts', async () => {
  const of = await withAddons(none, { shop: listed.shop });
  const seen = running(of);
  if (seen.api?.state !== 'present') throw new Error('no API');
  const { addons } = appliedAddons(desiredAddons(listed));
  const { plan } = made(of, { ...seen, api: { ...seen.api, addons } });
  expect(plan.warnings.filter((text) => /calico/.test(text))).toEqual([
    expect.stringMatching(
      /^add-on calico brings the Pod network, and its DaemonSet kube-system\/calico-node is removed: .*What it has put on hosts stays there/,
    ),
  ]);
});
