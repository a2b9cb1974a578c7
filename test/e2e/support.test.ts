import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, unlessSkipped, type ClusterSite } from './cluster.ts';

let site: ClusterSite;
const folder = mkdtempSync(join(tmpdir(), 'kboot-support-'));
const planted = 'Zq7hunter2hunter2';

/** The files of a new archive by their paths in it, and what the command printed. */
async function support(name: string): Promise<{ files: Map<string, string>; out: string }> {
  const archive = join(folder, `${name}.tar.gz`);
  const { stdout, stderr, exitCode } = await site.kboot('support', ['--out', archive]);
  process.stdout.write(stdout);
  expect(exitCode, stdout + stderr).toBe(0);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
  const read = (path: string): string =>
    execFileSync('tar', ['-xzOf', archive, path], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { files: new Map(names.map((path) => [path.replace(/^[^/]*\//, ''), read(path)])), out: stdout };
}

const state = (): string => join(site.dir, '.kboot/support');

/** Every line of a private key in the state folder, as text and as base64 of kubeconfigs. */
function keyLines(): readonly string[] {
  const pki = join(state(), 'pki');
  return readdirSync(pki, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.key'))
    .flatMap((path) => readFileSync(join(pki, path), 'utf8').split('\n'))
    .filter((line) => line.length >= 32 && !line.startsWith('-----'));
}

describe.skipIf(!hasClusterBundle)(`an archive for maintainers${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('support', [
      { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.44.11' },
    ]);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await site.close();
  });

  test('has what a running cluster shows, and no secret', async () => {
    const up = await site.kboot('up', ['--yes']);
    expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
    const event = {
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'planted', namespace: 'kube-system' } },
      ...{
        involvedObject: { kind: 'Pod', namespace: 'kube-system', name: 'p' },
        reason: 'Planted',
        type: 'Normal',
      },
      message: `Authorization: Bearer ${planted}`,
    };
    await site.kube(['create', '-f', '-'], JSON.stringify(event));
    await output(
      site.lab,
      'cp-1',
      `echo "--token ${planted}" >> $(ls /var/log/pods/kube-system_etcd-*/etcd/*.log | tail -n 1)`,
    );
    const [log = ''] = readdirSync(join(state(), 'runs')).sort().slice(-1);
    appendFileSync(join(state(), 'runs', log), `{"type":"planted","password":"${planted}"}\n`);
    const { files, out } = await support('running');
    expect(out).not.toContain('It lacks');
    const names = [...files.keys()].map((path) => (path.startsWith('runs/') ? 'runs/…' : path));
    expect(names).toEqual(
      expect.arrayContaining([
        ...['about.json', 'inventory.yaml', 'runs/…', 'plan.json', 'status.json', 'kube-system.json'],
        ...[
          'facts.json',
          'system.txt',
          'kubelet.log',
          'containerd.log',
          'etcd.log',
          'kube-apiserver.log',
        ].map((name) => `hosts/cp-1/${name}`),
      ]),
    );
    expect(files.get('kube-system.json')).toContain('"Planted"');
    const all = [...files.values()].join('\n');
    expect(all).not.toContain(planted);
    const lines = keyLines();
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect(all.includes(line)).toBe(false);
  });

  test('without the API it has the rest, and says what it lacks', async () => {
    await output(
      site.lab,
      'cp-1',
      'mv /etc/kubernetes/manifests/kube-apiserver.yaml /root; crictl ps -q --name kube-apiserver | xargs -r crictl stop',
    );
    const { files, out } = await support('no-api');
    expect(out).toMatch(/It lacks:[^]*kube-system\.json: /);
    expect(files.get('hosts/cp-1/kubelet.log')).toBeDefined();
    expect(files.get('about.json')).toContain('kube-system.json');
  });

  test('without hosts it has what this machine knows', async () => {
    await output(site.lab, 'cp-1', 'systemctl stop ssh.socket ssh.service sshd.service 2>&1 || true');
    const { files, out } = await support('no-hosts');
    expect(out).toMatch(/It lacks:[^]*hosts\/cp-1: /);
    expect([...files.keys()].some((path) => path.startsWith('runs/'))).toBe(true);
    expect(files.has('inventory.yaml')).toBe(true);
  });
});
