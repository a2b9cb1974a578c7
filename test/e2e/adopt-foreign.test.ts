import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { plannedSteps, stepLines } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, withKubectl } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { containerStarts, hasKubeadm, kubeadmCluster, unlessKubeadm } from './kubeadm.ts';

/* A cluster of kubeadm with everything its own: what kboot has no part in stays, and what it has is stated. */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.77.0.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.0.21' },
];

/** Pods get addresses from a bridge per host; what a Calico does with BGP, static routes do here. */
const prepare = `case $1 in cp-1) own=0 other=1 via=10.77.0.21;; *) own=1 other=0 via=10.77.0.11;; esac
mkdir -p /etc/cni/net.d /etc/kubernetes/own /var/log/own /etc/systemd/system/kubelet.service.d /root/patches
cat > /etc/cni/net.d/10-calico.conflist <<X
{"cniVersion": "1.0.0", "name": "k8s-pod-network", "plugins": [
  {"type": "bridge", "bridge": "own0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.42.$own.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
X
ip route replace 10.42.$other.0/24 via $via
cat > /etc/kubernetes/own/audit.yaml <<X
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{ level: Metadata }]
X
cat > /etc/kubernetes/own/admission.yaml <<X
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins: []
X
cat > /etc/kubernetes/own/encryption.yaml <<X
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{ resources: [secrets], providers: [{ secretbox: { keys: [{ name: k1, secret: YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE= }] } }, { identity: {} }] }]
X
cat > /root/patches/kube-scheduler+strategic.yaml <<X
metadata: { labels: { team: own } }
spec: { containers: [{ name: kube-scheduler, resources: { requests: { cpu: 50m } } }] }
X
cat > /root/patches/kubeletconfiguration+strategic.yaml <<X
podPidsLimit: 500
X
echo 'KUBELET_EXTRA_ARGS="--v=1 --node-labels=own.example.com/from=default"' > /etc/default/kubelet
printf '[Service]\\nEnvironment=OWN=1\\n' > /etc/systemd/system/kubelet.service.d/20-own.conf
ctr -n k8s.io images tag registry.k8s.io/pause:3.10.2 registry.example.com/pause:own >/dev/null
systemctl stop containerd
mv /var/lib/containerd /var/lib/own-containerd
containerd config default 2>/dev/null | sed -e "s|^root = .*|root = '/var/lib/own-containerd'|" \
  -e "s|sandbox = .*|sandbox = 'registry.example.com/pause:own'|" > /etc/containerd/config.toml
cat >> /etc/containerd/config.toml <<X
[plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']
  endpoint = ['https://mirror.example.com']
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.own]
  runtime_type = 'io.containerd.runc.v2'
X
systemctl daemon-reload
systemctl start containerd`;

const daemonSet = `apiVersion: v1
kind: Namespace
metadata: { name: calico-system }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: calico-node, namespace: calico-system }
spec:
  selector: { matchLabels: { app: calico-node } }
  template:
    metadata: { labels: { app: calico-node } }
    spec:
      hostNetwork: true
      tolerations: [{ operator: Exists }]
      containers:
        - { name: calico-node, image: docker.io/library/busybox:kboot, command: [sleep, "100000"] }
`;
const workload = `apiVersion: apps/v1
kind: Deployment
metadata: { name: work, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: work } }
  template:
    metadata: { labels: { app: work } }
    spec:
      tolerations: [{ operator: Exists }]
      containers:
        - { name: work, image: docker.io/library/busybox:kboot, command: [sleep, "100000"] }
`;

const own = (name: string, readOnly: boolean): object => ({
  ...{ name: `own-${name}`, readOnly, pathType: 'DirectoryOrCreate' },
  ...(readOnly
    ? { hostPath: '/etc/kubernetes/own', mountPath: '/etc/kubernetes/own' }
    : { hostPath: '/var/log/own', mountPath: '/var/log/own' }),
});
const flags = {
  'audit-policy-file': '/etc/kubernetes/own/audit.yaml',
  'audit-log-path': '/var/log/own/audit.log',
  'admission-control-config-file': '/etc/kubernetes/own/admission.yaml',
  'encryption-provider-config': '/etc/kubernetes/own/encryption.yaml',
  'oidc-issuer-url': 'https://issuer.example.com',
  'oidc-client-id': 'own',
};

/** What must be as before: files, what containerd and the kubelet run with, and the flags of the API server. */
const untouched = `cat /etc/cni/net.d/10-calico.conflist /etc/default/kubelet /etc/systemd/system/kubelet.service.d/20-own.conf
ls /etc/cni/net.d; cat /etc/kubernetes/own/* 2>/dev/null; ip route show | grep 10.42
crictl -r unix:///run/containerd/containerd.sock info 2>/dev/null | grep -E '"(sandboxImage|sandbox|containerdRootDir)"' | tr -d ' ,' | sort -u
tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value kubelet)/cmdline | grep -E -e '--(v|node-labels)=' | sort
grep -E -- '--(audit|admission-control|encryption|oidc)' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | sort`;

describe.skipIf(!hasKubeadm)(`a cluster of kubeadm with everything its own${unlessKubeadm}`, () => {
  let lab: ClusterSite;
  let site: ClusterSite;
  let before: readonly string[];
  let inventory: string;
  const kept = (): Promise<readonly string[]> =>
    Promise.all(hosts.map(({ name }) => output(lab.lab, name, untouched)));
  let keptBefore: readonly string[];
  const admin = (command: string): Promise<string> =>
    output(lab.lab, 'cp-1', `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`);
  const calico =
    "-n calico-system get ds calico-node -o jsonpath='{.metadata.generation} {.metadata.labels}'";

  beforeAll(async () => {
    lab = await clusterSite('adopt-own', hosts);
    inventory = join(lab.dir, 'adopted.yaml');
    site = withKubectl({
      ...lab,
      kboot: (verb, rest, more) => lab.kboot(verb, rest, { inventory, ...more }),
    });
    await kubeadmCluster(lab, hosts, {
      ...{ manifest: `${daemonSet}---\n${workload}`, prepare },
      init: {
        localAPIEndpoint: { advertiseAddress: '10.77.0.11' },
        nodeRegistration: { criSocket: 'unix:///run/containerd/containerd.sock' },
        patches: { directory: '/root/patches' },
      },
      cluster: {
        networking: { podSubnet: '10.42.0.0/16', serviceSubnet: '10.97.0.0/16', dnsDomain: 'own.local' },
        apiServer: {
          certSANs: ['api.example.com', '10.77.0.99'],
          extraArgs: Object.entries(flags).map(([name, value]) => ({ name, value })),
          extraVolumes: [own('config', true), own('log', false)],
        },
        scheduler: { extraArgs: [{ name: 'v', value: '1' }] },
      },
      proxy: { mode: 'iptables', iptables: { minSyncPeriod: '2s' }, nodePortAddresses: ['10.77.0.0/24'] },
    });
    await admin('label node w-1 zone=a example.com/rack=7');
    await admin('taint node w-1 dedicated=own:PreferNoSchedule');
    await eventually(180, async () => {
      before = await containerStarts(lab);
      expect(before.filter((line) => line.includes('not running'))).toEqual([]);
      expect(before.filter((line) => line.startsWith('default/work'))).toHaveLength(2);
      expect(before.filter((line) => line.includes('coredns'))).toHaveLength(2);
      expect(before.filter((line) => line.includes('calico-node'))).toHaveLength(2);
    });
    keptBefore = await kept();
  }, 900_000);
  afterAll(() => lab.close());

  it('adopt states what the cluster has, names what no field can state, and restarts nothing', async () => {
    const login = ['--host', '10.77.0.11', '--user', 'root', '--identity-file', lab.lab.identityFile];
    const result = await site.kboot('adopt', [...login, '--name', 'own']);
    expect(result, result.stderr + result.stdout).toMatchObject({ exitCode: 0 });
    const text = readFileSync(inventory, 'utf8');
    process.stdout.write(`${text}\n${result.stderr}\n${result.stdout}\n${keptBefore.join('\n')}\n`);
    expect(text).toMatch(/# calico-system\/calico-node stays as it is, and yours\n +cni: none/);
    for (const part of [
      ...Object.values(flags),
      ...['own.local', '10.97.0.0/16', '10.77.0.99', 'podPidsLimit: 500', 'minSyncPeriod: 2s'],
      ...['/var/lib/own-containerd', 'registry.example.com/pause:own', 'https://mirror.example.com'],
      ...['zone: a', 'example.com/rack: "7"', 'key: dedicated', '10.77.0.0/24'],
    ])
      expect(text).toContain(part);
    expect(result.stderr).toMatch(/kube-scheduler\.yaml: .*cpu "50m" becomes "100m"/);
    expect(await containerStarts(lab)).toEqual(before);
  });

  it('up leaves the network, its workloads and everything stated as it was', async () => {
    const result = await site.kboot('up', ['--yes', '-o', 'json']);
    process.stdout.write(`${stepLines(result).join('\n')}\n`);
    expect(result, result.stderr + result.stdout.slice(-3000)).toMatchObject({ exitCode: 0 });
    const after = await containerStarts(lab);
    const gone = before.filter((line) => !after.includes(line)).map((line) => line.split(' ')[1] ?? '');
    process.stdout.write(`containers that started anew: ${gone.join(', ') || 'none'}\n`);
    const restarted = plannedSteps(result).flatMap(({ effects }) =>
      effects.map(({ component }) => component),
    );
    expect(gone.filter((name) => !restarted.includes(name as never))).toEqual([]);
    expect(gone).not.toContain('kube-apiserver');
    expect(gone).not.toContain('etcd');
    expect(await kept()).toEqual(keptBefore);
    expect(await admin(calico)).toMatch(/^1 *$/);
  });

  it('verify passes, and a second up has nothing to do', async () => {
    const verify = await site.kboot('verify', []);
    expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    const again = await site.kboot('up', ['--yes', '-o', 'json']);
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(again)).toEqual([]);
  });
});
