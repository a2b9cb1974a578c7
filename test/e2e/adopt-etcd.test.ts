import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { stepLines } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, withKubectl } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { containerStarts, hasKubeadm, kubeadmCluster, unlessKubeadm } from './kubeadm.ts';

/* A cluster of kubeadm whose etcd somebody else runs, with credentials outside of /etc/kubernetes/pki. */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.77.0.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.0.21' },
];
const etcd: SiteHost = { name: 'e-1', roles: ['etcd'], address: '10.77.0.31' };

/** A CA of its own, a member's certificate and a client's; etcd as a unit. */
const runEtcd = `set -e
mkdir -p /srv/etcd /var/lib/own-etcd && cd /srv/etcd
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own-etcd -keyout ca.key -out ca.pem -days 99 2>/dev/null
leaf() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout $1.key -out $1.csr 2>/dev/null
  printf 'subjectAltName=IP:${etcd.address},IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' > $1.ext
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 99 -extfile $1.ext -out $1.pem 2>/dev/null
}
leaf member; leaf client
cat > /etc/systemd/system/own-etcd.service <<X
[Service]
ExecStart=/usr/local/bin/etcd --name own --data-dir /var/lib/own-etcd --listen-client-urls https://${etcd.address}:2379 --advertise-client-urls https://${etcd.address}:2379 --listen-peer-urls http://127.0.0.1:2380 --client-cert-auth --trusted-ca-file /srv/etcd/ca.pem --cert-file /srv/etcd/member.pem --key-file /srv/etcd/member.key
X
systemctl daemon-reload; systemctl start own-etcd`;

/** What must be as before on the host of etcd. */
const state = `systemctl show -p ActiveEnterTimestampMonotonic,MainPID --value own-etcd; sha256sum /srv/etcd/*; ls /var/lib/kboot 2>&1 | head -n 1`;

describe.skipIf(!hasKubeadm)(`a cluster of kubeadm with an external etcd${unlessKubeadm}`, () => {
  let lab: ClusterSite;
  let site: ClusterSite;
  let before: readonly string[];
  let stateBefore: string;
  let inventory: string;

  beforeAll(async () => {
    const bundle = process.env['KBOOT_BUNDLE'] ?? '';
    lab = await clusterSite('adopt-etcd', hosts, { further: [etcd] });
    inventory = join(lab.dir, 'adopted.yaml');
    site = withKubectl({
      ...lab,
      kboot: (verb, rest, more) => lab.kboot(verb, rest, { inventory, ...more }),
    });
    const rendered = join(lab.dir, 'rendered');
    expect(await lab.kboot('render', ['--out', rendered])).toMatchObject({ exitCode: 0 });
    const send =
      'cat "$0"/archives/*/etcd-*.tar.gz | "$@" "tar -xzf - -C /usr/local/bin --strip-components=1"';
    const sent = await lab.lab.exec(['sh', '-c', send, bundle, ...lab.lab.sshArgv('e-1')]);
    expect(sent.exitCode, sent.stderr).toBe(0);
    await output(lab.lab, 'e-1', runEtcd);
    const pems = await output(
      lab.lab,
      'e-1',
      'tar -C /srv/etcd -c ca.pem client.pem client.key | base64 -w 0',
    );
    const manifest = readdirSync(join(rendered, 'cluster'))
      .filter((name) => name.includes('flannel'))
      .sort()
      .map((name) => readFileSync(join(rendered, 'cluster', name), 'utf8'))
      .join('\n---\n');
    await kubeadmCluster(lab, hosts, {
      manifest,
      prepare: `mkdir -p /srv/etcd-client && echo ${pems} | base64 -d | tar -C /srv/etcd-client -x`,
      cluster: {
        networking: { podSubnet: '10.244.0.0/16' },
        etcd: {
          external: {
            endpoints: [`https://${etcd.address}:2379`],
            caFile: '/srv/etcd-client/ca.pem',
            certFile: '/srv/etcd-client/client.pem',
            keyFile: '/srv/etcd-client/client.key',
          },
        },
      },
    });
    await eventually(180, async () => {
      before = await containerStarts(lab);
      expect(before.filter((line) => line.includes('not running'))).toEqual([]);
      expect(before.filter((line) => line.includes('coredns'))).toHaveLength(2);
    });
    stateBefore = await output(lab.lab, 'e-1', state);
  }, 900_000);
  afterAll(() => lab.close());

  it('adopt names the etcd and copies the credentials', async () => {
    const login = ['--host', '10.77.0.11', '--user', 'root', '--identity-file', lab.lab.identityFile];
    const result = await site.kboot('adopt', [...login, '--name', 'ext']);
    expect(result, result.stderr + result.stdout).toMatchObject({ exitCode: 0 });
    const text = readFileSync(inventory, 'utf8');
    process.stdout.write(`${text}\n${result.stderr}\n${result.stdout}\n`);
    expect(text).toContain('caFile: .kboot/ext/external-etcd/ca.crt');
    expect(existsSync(join(lab.dir, '.kboot/ext/external-etcd/client.key'))).toBe(true);
    expect(existsSync(join(lab.dir, '.kboot/ext/pki/etcd'))).toBe(false);
  });

  it('up, verify and a second up pass, and nobody touches that etcd', async () => {
    const result = await site.kboot('up', ['--yes', '-o', 'json']);
    process.stdout.write(`${stepLines(result).join('\n')}\n`);
    expect(result, result.stderr + result.stdout.slice(-3000)).toMatchObject({ exitCode: 0 });
    const verify = await site.kboot('verify', []);
    expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    const again = await site.kboot('up', ['--yes', '-o', 'json']);
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(again)).toEqual([]);
    expect(await output(lab.lab, 'e-1', state)).toBe(stateBefore);
  });
});
