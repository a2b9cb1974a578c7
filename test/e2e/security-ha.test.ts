import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines, type KbootResult, type SiteHost, type SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import type { Watched } from './api-client.ts';
import type { ServersWatched } from './servers-client.ts';
import { watchApi, watchWith } from './watch.ts';

const planes = ['cp-1', 'cp-2', 'cp-3'];
const net = '10.79.48';
const hosts: readonly SiteHost[] = planes.map((name, index) => ({
  name,
  roles: ['control-plane', 'worker'],
  address: `${net}.1${index + 1}`,
}));

/** A profile, with what the inventory states over it. */
const baseline: SiteSpec = {
  profile: 'baseline',
  podSecurity: { enforce: 'privileged' },
  bootstrapTokens: true,
};

/** The longest time without the API through the load balancers: a check of theirs, and a busy machine. */
const gapMs = 15_000;

/** Three control planes that were made as kubeadm makes them; the tests run in order. */
describe.skipIf(!hasClusterBundle)(`another profile on three control planes${unlessSkipped}`, () => {
  let site: ClusterSite;

  beforeAll(async () => {
    site = await clusterSite('sec-ha3', hosts, {
      spec: { loadBalancer: { virtualIP: `${net}.100`, port: 8443, virtualRouterID: 52 } },
    });
  });

  afterAll(() => site.close());

  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const kboot = async (
    verb: string,
    security: SiteSpec,
    rest: readonly string[] = [],
  ): Promise<KbootResult> => {
    const inventory = await site.write('ha', {
      spec: {
        loadBalancer: { virtualIP: `${net}.100`, port: 8443, virtualRouterID: 52 },
        networking: { podSubnet: '10.244.0.0/16', networkPolicy: false },
        security,
      },
    });
    const result = await site.kboot(verb, rest, { inventory });
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    return result;
  };
  const works = async (security: SiteSpec): Promise<void> => {
    expect(stepLines(await kboot('up', security, ['--yes', '-o', 'json']))).toEqual([]);
    await kboot('verify', security);
    tell((await kboot('verify', security, ['--security'])).stdout);
  };

  test('is made as kubeadm makes it', async () => {
    tell((await kboot('up', { profile: 'kubeadm' }, ['--yes'])).stdout.slice(-300));
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['create', 'secret', 'generic', 'old', '--from-literal=word=sesame']);
  });

  test('becomes baseline: one API server at a time, and the API never goes away', async () => {
    let api: Watched | undefined;
    const addresses = hosts.map(({ address }) => address);
    const servers = await watchWith<ServersWatched>(
      site.lab,
      new URL('./servers-client.ts', import.meta.url),
      addresses,
      async () => {
        api = await watchApi(site.lab, await site.kubeconfig(), async () => {
          const result = await kboot('up', baseline, ['--yes']);
          tell(result.stdout.split('\n').slice(-3).join('\n'));
        });
      },
    );
    tell(`API servers not ready: ${servers.down.join('; ')}; at most ${servers.mostDown} at once`);
    tell(`API: ${api?.answered} answers, the longest gap ${api?.longestGapMs} ms`);
    expect(servers.mostDown).toBe(1);
    expect(new Set(servers.down.map((line) => line.split(' ')[0])).size).toBe(3);
    expect(api?.longestGapMs).toBeLessThan(gapMs);
    const kept = (await site.kube(['get', 'configmaps', '-n', 'drill', '-o', 'name'])).split('\n');
    const lost = api?.acknowledged.filter((name) => !kept.includes(`configmap/${name}`));
    tell(`${api?.acknowledged.length} writes acknowledged, ${lost?.length} lost`);
    expect(lost).toEqual([]);
    for (const host of planes) {
      const manifest = await output(site.lab, host, 'cat /etc/kubernetes/manifests/kube-apiserver.yaml');
      expect(manifest).toContain('--audit-policy-file=');
      expect(manifest).toContain('--enable-bootstrap-token-auth=true');
    }
    expect(await site.kube(['get', 'secret', 'old', '-o', 'jsonpath={.data.word}'])).toBe('c2VzYW1l');
    await works(baseline);
    const privileged = ['run', 'bad', '--image=x', '--privileged', '--dry-run=server'];
    expect(await site.kubectl(privileged)).toMatchObject({ exitCode: 0 });
  });
});
