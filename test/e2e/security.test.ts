import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.44.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.44.21' },
];

/** Enforcing NetworkPolicies needs an image of its own: network-policy.test.ts has it. */
const networking = { podSubnet: '10.244.0.0/16', networkPolicy: false };

const flagsOf = 'kube-apiserver.yaml';

/** One cluster, whose tests run in order. */
describe.skipIf(!hasClusterBundle)(`Security profiles${unlessSkipped}`, () => {
  let site: ClusterSite;
  let written = 0;

  beforeAll(async () => {
    site = await clusterSite('sec', hosts);
  });

  afterAll(() => site.close());

  /** Runs kboot with this spec.security; undefined: without. */
  const kboot = async (
    verb: string,
    security: SiteSpec | undefined,
    rest: readonly string[] = [],
  ): Promise<KbootResult> => {
    const inventory = await site.write(`security-${written++}`, {
      spec: { networking, ...(security !== undefined && { security }) },
    });
    return await site.kboot(verb, rest, { inventory });
  };

  /** `up`, after which nothing is left to do, and everything works. */
  const settled = async (security: SiteSpec | undefined): Promise<void> => {
    const begun = Date.now();
    const result = await kboot('up', security, ['--yes', '-o', 'json']);
    process.stderr.write(
      `  up: ${((Date.now() - begun) / 1000).toFixed(0)} s, ${stepLines(result).join('; ')}\n`,
    );
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    const again = await kboot('up', security, ['--yes', '-o', 'json']);
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(again)).toEqual([]);
    const drift = await kboot('drift', security);
    expect(drift, drift.stdout + drift.stderr).toMatchObject({ exitCode: 0 });
    const verify = await kboot('verify', security);
    process.stderr.write(
      verify.stdout
        .split('\n')
        .filter((line) => /DNS|passed in/.test(line))
        .join('\n'),
    );
    expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    await isServed(security);
  };

  /** What the profile promises is served; what it does not is shown as such. */
  const isServed = async (security: SiteSpec | undefined): Promise<void> => {
    const served = await kboot('verify', security, ['--security']);
    process.stderr.write(served.stdout);
    expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
  };

  const manifest = async (): Promise<string> =>
    await output(site.lab, 'cp-1', `cat /etc/kubernetes/manifests/${flagsOf}`);

  test('a new cluster is baseline, and its plan says so', async () => {
    const plan = await kboot('plan', undefined);
    expect(plan.stdout).toMatch(/security profile baseline/);
    await settled(undefined);
    expect(await manifest()).toContain('--audit-policy-file=');
    const refused = await site.kubectl([...['run', 'bad', '--image=x', '--privileged', '--dry-run=server']]);
    expect(refused.stderr).toMatch(/violates PodSecurity "baseline:latest"/);
  });

  test('becomes restricted, kubeadm, baseline again, and what the inventory states wins', async () => {
    await settled({ profile: 'restricted', denyByDefault: false });
    await settled({ profile: 'kubeadm' });
    const bare = await manifest();
    expect(bare).not.toMatch(/audit|profiling|authentication-config|tls-min-version/);
    expect(await output(site.lab, 'cp-1', 'ls -A /etc/kubernetes/security 2>/dev/null || true')).toBe('');
    await settled({ profile: 'baseline', podSecurity: { enforce: 'privileged' }, bootstrapTokens: true });
    expect(await manifest()).toContain('--enable-bootstrap-token-auth=true');
  });

  test('a lost state folder knows it again', async () => {
    await settled(undefined);
    const dir = `${site.dir}/.kboot/sec`;
    await rename(dir, `${dir}.lost`);
    const adopted = await kboot('adopt', undefined);
    expect(adopted, adopted.stdout + adopted.stderr).toMatchObject({ exitCode: 0 });
    const again = await kboot('up', undefined, ['--yes', '-o', 'json']);
    expect(again, again.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(again)).toEqual([]);
  });
});
