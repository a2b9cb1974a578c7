import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAt, stepLines } from '../lab/kboot.ts';
import type { KbootEvent, KbootOptions, KbootResult, SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, readiness, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.11.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.11.21', labels: { zone: 'a' } },
  { name: 'w-2', roles: ['worker'], address: '10.79.11.22' },
];

let site: ClusterSite;

describe.skipIf(!hasClusterBundle)(`a bootstrap survives crashes${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('crash', hosts);
  });

  afterAll(() => site.close());

  test('kill -9 of kboot at ten moments, one after another: one cluster, as without interruption', async () => {
    let authority = '';
    let uid = '';
    for (const { title, is, first } of moments) {
      if (first !== undefined) await output(site.lab, 'cp-1', first);
      await killAt(title, up, is);
      const now = { authority: await clusterOf('cp-1'), uid: await systemUid() };
      if (authority !== '') expect(now.authority, title).toBe(authority);
      if (uid !== '' && now.uid !== '') expect(now.uid, title).toBe(uid);
      authority = now.authority;
      uid = now.uid === '' ? uid : now.uid;
    }

    const last = await up();
    expect(last, last.stdout).toMatchObject({ exitCode: 0 });
    expect(authority).not.toBe('');
    expect(uid).not.toBe('');
    expect(await systemUid()).toBe(uid);
    expect(await Promise.all(hosts.map(({ name }) => clusterOf(name)))).toEqual([
      authority,
      authority,
      authority,
    ]);
    expect(
      await output(site.lab, 'cp-1', 'ls -A /var/lib/kboot/tmp /etc/kubernetes/manifests'),
    ).not.toContain('.kboot~');
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready', 'w-2 Ready']);
    expect(await site.kube(['get', 'node', 'w-1', '-o', 'jsonpath={.metadata.labels.zone}'])).toBe('a');
    expect(stepLines(await up())).toEqual([]);
  });

  test('a worker that loses power during up: the others finish, and up finishes it after its boot', async () => {
    const reset = await site.kboot('reset', ['--yes']);
    expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
    let cut: Promise<void> | undefined;
    const result = await up({
      onEvent: (event) => {
        if (event.type === 'start' && event.step?.startsWith('w-2: image ') === true)
          cut ??= site.lab.kill('w-2');
      },
    });
    await cut;
    expect(result, result.stdout).toMatchObject({ exitCode: 1 });
    expect(result.events.find((event) => event.type === 'summary')?.['failures']).toMatchObject([
      { host: 'w-2', code: 'E-CONNECT' },
    ]);
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready']);

    await site.lab.boot('w-2');
    const finished = await up();
    expect(finished, finished.stdout).toMatchObject({ exitCode: 0 });
    const touched = stepLines(finished).filter((line) => !/^(w-2|cluster) /.test(line));
    expect(touched).toEqual([]);
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready', 'w-2 Ready']);
    expect(stepLines(await up())).toEqual([]);
  });
});

interface Moment {
  readonly title: string;
  readonly is: (event: KbootEvent) => boolean;
  /** Run on cp-1 before kboot starts, if the moment would not occur otherwise. */
  readonly first?: string;
}

/** Where kboot is killed, each later in the same installation. */
const moments: readonly Moment[] = [
  { title: 'the first file', is: (event) => isStep(event, 'start', 'cp-1: file /var/lib/kboot/cluster') },
  { title: 'containerd starts', is: (event) => isStep(event, 'start', 'cp-1: unit containerd') },
  { title: 'an image is imported', is: (event) => isStep(event, 'start', 'cp-1: image ') },
  { title: "etcd's manifest", is: (event) => isStep(event, 'start', 'cp-1: static-pod etcd') },
  {
    title: "the API server's manifest",
    is: (event) => isStep(event, 'start', 'cp-1: static-pod kube-apiserver'),
  },
  {
    title: 'the kubelet starts',
    is: (event) => isStep(event, 'start', 'cp-1: unit kubelet'),
    // On a busy machine, the host has started it by the time that kboot is killed.
    first: 'systemctl stop kubelet || true',
  },
  {
    title: 'the API is waited for',
    is: (event) => isStep(event, 'start', 'cluster: waits for API server'),
    // The API may respond by now; a kubelet that must restart makes kboot wait for it again.
    first: 'echo "# by hand" >> /var/lib/kubelet/config.yaml',
  },
  {
    title: 'the first object',
    is: (event) => isStep(event, 'done', 'cluster: ') && event.step?.includes('waits') === false,
  },
  { title: "a node's labels", is: (event) => isStep(event, 'start', 'cluster: marks Node') },
  {
    title: 'an add-on is waited for',
    is: (event) => isStep(event, 'waiting', 'cluster: waits for DaemonSet'),
  },
];

function isStep(event: KbootEvent, type: string, start: string): boolean {
  return event.type === type && event.step?.startsWith(start) === true;
}

function up(options: KbootOptions = {}): Promise<KbootResult> {
  return site.kboot('up', ['--yes', '-o', 'json'], options);
}

/** The cluster ID that kboot left on a host, '' before it did. */
function clusterOf(host: string): Promise<string> {
  return output(site.lab, host, 'cat /var/lib/kboot/cluster 2>/dev/null || true');
}

/** UID of the namespace kube-system: distinguishes two clusters; '' while the API does not respond. */
async function systemUid(): Promise<string> {
  const { exitCode, stdout } = await site.kubectl([
    '--request-timeout=2s',
    ...['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}'],
  ]);
  return exitCode === 0 ? stdout : '';
}
