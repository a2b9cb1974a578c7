import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { etcdUnit } from '../../../src/desire/text/etcd.ts';
import { staticPods } from '../../../src/desire/text/static-pods.ts';
import type { EtcdMembership } from '../../../src/desire/text/types.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import {
  contextOf,
  externalEtcd,
  extraVolumes,
  facts,
  firstHost,
  found,
  golden,
  ha,
  ipv6,
  single,
} from '../../samples/text.ts';

function alone(cluster: Cluster): EtcdMembership {
  const { name, address } = firstHost(cluster);
  return { initialCluster: [{ name, address }], state: 'new' };
}

function podText(cluster: Cluster, name: string, etcd = alone(cluster), versions = {}, on = facts): string {
  const pods = staticPods(contextOf(cluster, versions), firstHost(cluster), on, { etcd });
  return found(pods.find((pod) => pod.name === name)).text;
}

describe('static Pods equal those of kubeadm v1.36.2, byte for byte', () => {
  const stacked = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const cases: readonly [string, Cluster, readonly string[]][] = [
    ['single', single(), stacked],
    ['ha', ha(), stacked],
    ['ipv6', ipv6(), stacked],
    ['external-etcd', externalEtcd(), stacked.slice(1)],
    ['extra-volumes', extraVolumes(), stacked],
  ];
  it.each(cases)('%s', (folder, cluster, names) => {
    const pods = staticPods(contextOf(cluster), firstHost(cluster), facts, { etcd: alone(cluster) });
    expect(pods.map((pod) => pod.name)).toEqual(names);
    for (const pod of pods) {
      expect(pod.text, pod.name).toBe(golden(`${folder}/${pod.name}.yaml`));
      expect(pod).toMatchObject({ path: `/etc/kubernetes/manifests/${pod.name}.yaml`, mode: 0o600 });
    }
  });
});

describe('etcd', () => {
  const three = ['11', '12', '13'].map((n) => ({ name: `cp-${n}`, address: `10.0.0.${n}` }));

  it('lists every member when a cluster is founded, without a state', () => {
    const text = podText(ha(), 'etcd', { initialCluster: three, state: 'new' });
    expect(text).toContain(
      '--initial-cluster=cp-11=https://10.0.0.11:2380,cp-12=https://10.0.0.12:2380,cp-13=https://10.0.0.13:2380\n',
    );
    expect(text).not.toContain('initial-cluster-state');
  });

  it('says so when it joins', () => {
    const text = podText(ha(), 'etcd', { initialCluster: three, state: 'existing' });
    expect(text).toContain('- --initial-cluster-state=existing\n');
  });

  it('gets the flags that etcd 3.5 knows', () => {
    const text = podText(single(), 'etcd', alone(single()), { etcd: '3.5.24-0' });
    expect(text).toContain('- --experimental-initial-corrupt-check=true\n');
    expect(text).toContain('- --experimental-watch-progress-notify-interval=5s\n');
    expect(text).not.toContain('- --feature-gates');
    expect(text).not.toContain('- --watch-progress-notify-interval');
  });

  it('runs as a unit on dedicated hosts, with the same flags', () => {
    const cluster = externalEtcd();
    const member = found(cluster.hosts[1]);
    const unit = etcdUnit(contextOf(cluster), member, { initialCluster: [member], state: 'new' });
    expect(unit.path).toBe('/etc/systemd/system/etcd.service');
    const command = found(/ExecStart=((?:.*\\\n)*.*)\n/.exec(unit.text)?.[1]).split(/\s*\\\n\s*/);
    expect(command[0]).toBe('/usr/local/bin/etcd');
    expect(command).toContain('--name=e-1');
    expect(command).toContain('--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.21:2379');
    expect(command).toContain('--initial-cluster=e-1=https://10.0.0.21:2380');
    expect(unit.text).not.toMatch(/RequiresMountsFor|Environment=/);
  });

  it('as a unit waits for the file system of its data, and has its environment', () => {
    const { etcd } = extraVolumes();
    const extraEnvs = [...(etcd.extraEnvs ?? []), { name: 'ETCD_NOTE', value: 'a "b" \\ $HOME 5%' }];
    const cluster = { ...externalEtcd(), etcd: { ...etcd, extraEnvs } };
    const member = found(cluster.hosts[1]);
    const unit = etcdUnit(contextOf(cluster), member, { initialCluster: [member], state: 'new' });
    expect(unit.text).toContain('--data-dir=/mnt/etcd-disk/data');
    expect(unit.text).toContain('\nRequiresMountsFor=/mnt/etcd-disk/data\n');
    expect(unit.text).toContain(
      'Environment="ETCD_LOG_LEVEL=debug"\nEnvironment="ETCD_NOTE=a \\"b\\" \\\\ $HOME 5%%"\nExecStart=',
    );
  });
});

describe('what varies', () => {
  it('mounts the CA folders that the host has', () => {
    const on = { ...facts, caDirectories: ['/etc/pki/tls/certs', '/etc/pki/ca-trust'] };
    const pod = parse(podText(single(), 'kube-apiserver', alone(single()), {}, on)) as {
      spec: { containers: [{ volumeMounts: { name: string; mountPath: string }[] }] };
    };
    expect(pod.spec.containers[0].volumeMounts.map((m) => [m.name, m.mountPath])).toEqual([
      ['ca-certs', '/etc/ssl/certs'],
      ['etc-pki-ca-trust', '/etc/pki/ca-trust'],
      ['etc-pki-tls-certs', '/etc/pki/tls/certs'],
      ['k8s-certs', '/etc/kubernetes/pki'],
    ]);
  });

  it('allocates no node CIDRs without a podSubnet', () => {
    const cluster = single();
    const text = podText(
      { ...cluster, networking: { ...cluster.networking, podSubnets: [] } },
      'kube-controller-manager',
    );
    expect(text).not.toMatch(/--(allocate-node-cidrs|cluster-cidr|service-cluster-ip-range)/);
  });
});
