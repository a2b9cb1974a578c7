import { readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const members = ['e-1', 'e-2', 'e-3'];
const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.79.46.11' },
  ...members.map((name, index) => ({ name, roles: ['etcd'], address: `10.79.46.3${index + 1}` })),
];

const folder = '/var/backups/etcd';

interface Member {
  readonly name: string;
  readonly healthy: boolean;
}

/** Dedicated etcd hosts of a `restricted` cluster, whose etcd runs as its own user; the tests run in order. */
describe.skipIf(!hasClusterBundle)(`profile restricted with etcd hosts${unlessSkipped}`, () => {
  let site: ClusterSite;
  let snapshot = '';

  beforeAll(async () => {
    site = await clusterSite('sec-etcd', hosts, {
      spec: {
        // Enforcing NetworkPolicies needs an image of its own: network-policy.test.ts has it.
        networking: { podSubnet: '10.244.0.0/16', networkPolicy: false },
        security: { profile: 'restricted', denyByDefault: false },
        etcd: { backup: { schedule: 'daily', keep: 2 } },
      },
    });
  });

  afterAll(() => site.close());

  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const succeeds = (result: KbootResult, title: string): void => {
    expect(result, result.stdout.slice(-4000) + result.stderr).toMatchObject({ exitCode: 0 });
    tell(`${title}: ${result.stdout.trimEnd().split('\n').at(-1) ?? ''}`);
  };

  /** All members run as etcd, own their data and keys, and are healthy; nothing is left to do. */
  const expectWell = async (): Promise<void> => {
    for (const host of members) {
      const owners = await output(
        site.lab,
        host,
        `ps -o user= -C etcd; stat -c '%U %a' /var/lib/etcd; find /var/lib/etcd -not -user etcd; ls -l /etc/kubernetes/pki/etcd/*.key /etc/etcd/pki/*.key 2>/dev/null | cut -d' ' -f1,3`,
      );
      tell(`${host}: ${owners.replaceAll('\n', ' | ')}`);
      expect(owners.split('\n').slice(0, 2)).toEqual(['etcd', 'etcd 700']);
      expect(owners).not.toContain('/var/lib/etcd/');
    }
    await eventually(120, async () => {
      const shown = await site.kboot('etcd members', ['-o', 'json']);
      const all = (shown.events[0]?.['members'] ?? []) as readonly Member[];
      expect(all.map(({ name, healthy }) => `${name} ${healthy ? 'healthy' : 'sick'}`)).toEqual(
        members.map((name) => `${name} healthy`),
      );
    });
    await expectNothingToDo(site);
    expect(await site.kube(['get', 'secret', 'key', '-o', 'jsonpath={.data.word}'])).toBe('c2VzYW1l');
  };

  test('is made, works, and serves what it promises', async () => {
    succeeds(await site.kboot('up', ['--yes']), 'up');
    await site.kube(['create', 'secret', 'generic', 'key', '--from-literal=word=sesame']);
    await expectWell();
    succeeds(await site.kboot('verify'), 'verify');
    const served = await site.kboot('verify', ['--security']);
    tell(served.stdout);
    expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
  });

  test('a host that was restarted comes back by itself', async () => {
    await site.lab.kill('e-1');
    await site.lab.boot('e-1');
    await expectWell();
  });

  test('a replaced host joins again', async () => {
    await site.lab.replace('e-2');
    succeeds(await site.kboot('up', ['--yes']), 'up with another e-2');
    await expectWell();
  });

  test('hosts back up as root, and a snapshot is restored for etcd', async () => {
    for (const host of members) await output(site.lab, host, 'systemctl start kboot-etcd-backup.service');
    const kept = await Promise.all(
      members.map((host) => output(site.lab, host, `stat -c '%a %U %n' ${folder}/*.db 2>/dev/null || true`)),
    );
    tell(`kept: ${kept.join(' | ')}`);
    expect(kept.filter((text) => /^600 root /.test(text))).toHaveLength(1);
    const taken = await site.kboot('etcd snapshot', ['-o', 'json']);
    expect(taken, taken.stderr).toMatchObject({ exitCode: 0, events: [{ intact: true }] });
    snapshot = String(taken.events[0]?.['file']);
    await site.kube(['create', 'configmap', 'later', '--from-literal=a=b']);
    for (const host of members) await output(site.lab, host, 'rm -rf /var/lib/etcd/*');
    succeeds(await site.kboot('etcd restore', [snapshot, '--yes']), 'etcd restore');
    await expectWell();
    expect((await site.kubectl(['get', 'configmap', 'later'])).stderr).toMatch(/not found/);
  });

  test('a lost state folder is read back, with the CA of kubelet serving certificates', async () => {
    const state = join(site.dir, '.kboot/sec-etcd');
    renameSync(state, `${state}.lost`);
    const adopted = await site.kboot('adopt');
    tell(adopted.stdout);
    expect(adopted, adopted.stdout + adopted.stderr).toMatchObject({ exitCode: 0 });
    for (const file of readdirSync(`${state}.lost/pki`, { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('ca.key') || file.endsWith('ca.crt') || file.includes('sa.'))
        expect(readFileSync(`${state}/pki/${file}`, 'utf8'), file).toBe(
          readFileSync(`${state}.lost/pki/${file}`, 'utf8'),
        );
    await expectNothingToDo(site);
    const served = await site.kboot('verify', ['--security']);
    expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
  });
});
