import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeObjects, parseObjects } from '../../../src/desire/text/kube-objects.ts';
import type { KubeObject } from '../../../src/desire/text/types.ts';
import type { Cluster, Json, JsonObject } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import {
  contextOf,
  externalEtcd,
  extraVolumes,
  found,
  golden,
  ha,
  ipv6,
  single,
} from '../../samples/text.ts';

/** `Q0E=` in the golden files. */
const pki = { caPem: 'CA' };

const rbacGroup = 'rbac.authorization.k8s.io';

function id(object: KubeObject): string {
  return `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Without fields that kubeadm sends but the API server owns, and with the defaults that it fills into subjects. */
function comparable(object: KubeObject): JsonObject {
  const subjects = object['subjects'] as readonly JsonObject[] | undefined;
  const filled = subjects?.map((subject) =>
    subject['kind'] === 'ServiceAccount' ? subject : { ...subject, apiGroup: rbacGroup },
  );
  const plain = JSON.parse(JSON.stringify(object), leaveOut) as JsonObject;
  return filled === undefined ? plain : { ...plain, subjects: filled };
}

/**
 * Fields that kubeadm sends unintentionally: empty structs, one default, and fields of the API server. And the period of
 * CoreDNS's readiness probe, which is kboot's own.
 */
function leaveOut(key: string, value: Json): Json | undefined {
  if (key === 'periodSeconds' && value === 2) return undefined;
  if (key === 'status' || key === 'resourceVersion') return undefined;
  if (key === 'readOnly' && value === false) return undefined;
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0 ? undefined : value;
}

function objectsOf(cluster: Cluster): readonly KubeObject[] {
  return kubeObjects(contextOf(cluster), pki);
}

function data(cluster: Cluster, name: string): Readonly<Record<string, string>> {
  const map = objectsOf(cluster).find(
    (object) => object.kind === 'ConfigMap' && object.metadata.name === name,
  );
  return found(map)['data'] as Record<string, string>;
}

describe('the objects equal those of kubeadm v1.36.2', () => {
  const cases: readonly [string, Cluster][] = [
    ['single', single()],
    ['ha', ha()],
    ['ipv6', ipv6()],
  ];
  it.each(cases)('%s', (folder, cluster) => {
    const expected = new Map(parseObjects(folder, golden(`${folder}/objects.yaml`)).map((o) => [id(o), o]));
    const ours = objectsOf(cluster).filter((object) => !/flannel/.test(id(object)));
    const withoutFirstCall = ours
      .map(id)
      .filter((name) => name !== 'ClusterRoleBinding /kubeadm:cluster-admins');
    expect([...expected.keys()].filter((name) => !name.endsWith('/kubeadm:cluster-admins')).sort()).toEqual(
      withoutFirstCall.sort(),
    );
    for (const object of ours) {
      const reference = expected.get(id(object));
      if (reference !== undefined) expect(comparable(object), id(object)).toEqual(comparable(reference));
    }
  });

  it('kubeadm-config has volumes, environment and the data folder of etcd, which upgrades of kubeadm keep', () => {
    const [reference] = parseObjects('golden', golden('extra-volumes/objects.yaml'));
    expect(data(extraVolumes(), 'kubeadm-config')).toEqual(found(reference)['data']);
  });

  it('external etcd: only httpEndpoints, which kubeadm fills in itself, is left out', () => {
    const reference = parseObjects('golden', golden('external-etcd/objects.yaml'))
      .filter((object) => object.metadata.name === 'kubeadm-config')
      .map(
        (object) =>
          parse((object['data'] as Record<string, string>)['ClusterConfiguration'] ?? '') as JsonObject,
      );
    const expected = JSON.parse(JSON.stringify(found(reference[0])), (key, value: Json) =>
      key === 'httpEndpoints' ? undefined : value,
    ) as JsonObject;
    const ours = parse(data(externalEtcd(), 'kubeadm-config')['ClusterConfiguration'] ?? '') as JsonObject;
    expect(ours).toEqual(expected);
  });
});

describe('ready for server-side apply', () => {
  it('names no field that the API server owns, and no null', () => {
    for (const object of objectsOf(ha())) {
      expect(object, id(object)).not.toHaveProperty('status');
      expect(object.metadata).not.toHaveProperty('resourceVersion');
      expect(JSON.stringify(object), id(object)).not.toMatch(/[:[,]null/);
    }
  });

  it('comes in an order in which dependencies of an object precede it', () => {
    const names = objectsOf(single()).map(id);
    expect(names[0]).toBe('ClusterRoleBinding /kubeadm:cluster-admins');
    expect(new Set(names).size).toBe(names.length);
    const before = (a: string, b: string): void => {
      expect(names.indexOf(a)).toBeGreaterThanOrEqual(0);
      expect(names.indexOf(a)).toBeLessThan(names.indexOf(b));
    };
    before('Namespace /kube-flannel', 'ServiceAccount kube-flannel/flannel');
    before('ConfigMap kube-flannel/kube-flannel-cfg', 'DaemonSet kube-flannel/kube-flannel-ds');
    before('ServiceAccount kube-system/coredns', 'Deployment kube-system/coredns');
    before('ConfigMap kube-system/kube-proxy', 'DaemonSet kube-system/kube-proxy');
  });
});

describe('stated configuration', () => {
  it('of kube-proxy is merged, and marked as set by the user', () => {
    const cluster = single({ kubeProxy: { config: { mode: 'nftables', conntrack: { min: 5 } } } });
    const config = parse(data(cluster, 'kube-proxy')['config.conf'] ?? '') as JsonObject;
    expect(config).toMatchObject({
      mode: 'nftables',
      clusterCIDR: '10.244.0.0/16',
      conntrack: { min: 5, maxPerCore: null },
    });
    const map = objectsOf(cluster).find((o) => id(o) === 'ConfigMap kube-system/kube-proxy');
    expect(map?.metadata).not.toHaveProperty('annotations');
  });

  it('of the kubelet is shared, without the socket of a host', () => {
    const cluster = single({ kubelet: { config: { maxPods: 200 } } });
    const config = parse(data(cluster, 'kubelet-config')['kubelet'] ?? '') as JsonObject;
    expect(config).toMatchObject({
      maxPods: 200,
      containerRuntimeEndpoint: '',
      staticPodPath: '/etc/kubernetes/manifests',
    });
    const map = objectsOf(cluster).find((o) => id(o) === 'ConfigMap kube-system/kubelet-config');
    expect(map?.metadata).not.toHaveProperty('annotations');
  });

  it('keeps a stated endpoint of a single control plane', () => {
    const endpoint = (cluster: Cluster): Json | undefined =>
      (parse(data(cluster, 'kubeadm-config')['ClusterConfiguration'] ?? '') as JsonObject)[
        'controlPlaneEndpoint'
      ];
    expect(endpoint(single())).toBeUndefined();
    expect(endpoint(single({ controlPlaneEndpoint: { host: 'api.example', port: 6443 } }))).toBe(
      'api.example:6443',
    );
    expect(endpoint(single({ controlPlaneEndpoint: { host: 'fd00::9', port: 8443 } }))).toBe(
      '[fd00::9]:8443',
    );
  });
});

describe('flannel', () => {
  const networking = single().networking;
  const netConf = (cluster: Cluster): JsonObject =>
    JSON.parse(data(cluster, 'kube-flannel-cfg')['net-conf.json'] ?? '') as JsonObject;
  interface Container {
    readonly command: readonly string[];
    readonly args: readonly string[];
    readonly env: readonly object[];
  }
  const container = (cluster: Cluster): Container => {
    const daemonSet = found(objectsOf(cluster).find((object) => object.metadata.name === 'kube-flannel-ds'));
    const { spec } = daemonSet as unknown as {
      spec: { template: { spec: { containers: [Container] } } };
    };
    return spec.template.spec.containers[0];
  };
  const args = (cluster: Cluster): readonly string[] => container(cluster).args;

  it('has the same networks as the controller-manager', () => {
    expect(netConf(single())).toEqual({
      Network: '10.244.0.0/16',
      EnableNFTables: false,
      Backend: { Type: 'vxlan' },
    });
    expect(netConf(ha())).toMatchObject({
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd00:10:244::/56',
    });
    expect(netConf(ipv6())).toMatchObject({ EnableIPv4: false, IPv6Network: 'fd00:10:244::/56' });
    expect(netConf(ipv6())).not.toHaveProperty('Network');
  });

  it('sets an MTU if the backend has a device', () => {
    const withFlannel = (backend: 'vxlan' | 'host-gw' | 'wireguard'): Cluster =>
      single({ networking: { ...networking, flannel: { backend, mtu: 1400 } } });
    expect(netConf(withFlannel('vxlan'))['Backend']).toEqual({ Type: 'vxlan', MTU: 1400 });
    expect(netConf(withFlannel('wireguard'))['Backend']).toEqual({ Type: 'wireguard', MTU: 1400 });
    expect(netConf(withFlannel('host-gw'))['Backend']).toEqual({ Type: 'host-gw' });
    // IPv6 has a longer header, and flannel subtracts the same for both.
    const dual = { ...ha().networking, flannel: { backend: 'vxlan', mtu: 1400 } } as const;
    expect(netConf(single({ networking: dual }))['Backend']).toEqual({ Type: 'vxlan', MTU: 1380 });
  });

  it('uses the interface of the node address, or the one in the inventory', () => {
    expect(args(single())).toEqual([
      '--ip-masq',
      '--kube-subnet-mgr',
      '--iface=$(NODE_IP)',
      '--healthz-port=8081',
    ]);
    const eth1 = single({ networking: { ...networking, flannel: { backend: 'vxlan', interface: 'eth1' } } });
    expect(args(eth1)).toContain('--iface=eth1');
  });

  it('answers health checks on IPv6 nodes', () => {
    expect(args(ipv6())).toContain('--healthz-ip=::');
    expect(args(single())).not.toContain('--healthz-ip=::');
  });

  it('finds the IPv6 node address of a dual-stack node, whichever comes first', () => {
    expect(container(single()).command).toEqual(['/opt/bin/flanneld']);
    expect(container(ipv6()).command).toEqual(['/opt/bin/flanneld']);
    const { networking: dual } = ha();
    const sixFirst = { ...dual, podSubnets: [...dual.podSubnets].reverse() };
    for (const [cluster, NODE_IPS] of [
      [ha(), '10.0.0.11,fd00::11'],
      [single({ networking: sixFirst }), 'fd00::11,10.0.0.11'],
    ] as const) {
      const { command, env } = container(cluster);
      expect(env).toContainEqual({
        name: 'NODE_IPS',
        valueFrom: { fieldRef: { fieldPath: 'status.hostIPs' } },
      });
      // The same script with a program that prints its arguments.
      const [shell = '', ...rest] = command.map((word) => word.replace('/opt/bin/flanneld', 'echo'));
      const told = spawnSync(shell, [...rest, '--ip-masq', '--x=1'], { env: { NODE_IPS }, encoding: 'utf8' });
      expect(told.stdout).toBe('--public-ipv6=fd00::11 --ip-masq --x=1\n');
    }
  });
});

describe('a replaced template that gives no Kubernetes objects is refused by name', () => {
  const cases: readonly [what: string, text: string, reason: string][] = [
    ['broken YAML', 'kind: [', '1:8'],
    ['a key twice', 'kind: A\nkind: B\n', 'kind'],
    ['a document that is not an object', 'kind: ConfigMap\n---\nkind: List\n', 'metadata.name'],
  ];
  it.each(cases)('%s', (_, text, reason) => {
    const parse = (): unknown => parseObjects('addons/mine', text);
    expect(parse).toThrow(KbootError);
    expect(parse).toThrow('templates of addons/mine do not render to Kubernetes objects');
    expect(parse).toThrow(reason);
  });

  it('but empty documents are ignored', () => {
    expect(parseObjects('addons/mine', '# none\n---\n---\n')).toEqual([]);
  });
});
