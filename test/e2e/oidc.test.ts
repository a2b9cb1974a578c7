import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import type { LabResult } from '../lab/lab.ts';
import { output } from '../lab/traces.ts';
import {
  bundleProgram,
  clusterSite,
  eventually,
  hasClusterBundle,
  restarted,
  running,
  unlessSkipped,
} from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { startIssuer, type Issuer } from './oidc-issuer.ts';

const address = '10.79.47.11';
const hosts: readonly SiteHost[] = [{ name: 'cp-1', roles: ['control-plane', 'worker'], address }];
const webhookConfig = '/etc/kubernetes/pki/authorize.conf';

/** Users of another issuer, and who may do what: one cluster, whose tests run in order. */
describe.skipIf(!hasClusterBundle)(`authentication and authorization as fields${unlessSkipped}`, () => {
  let site: ClusterSite;
  let issuer: Issuer;

  beforeAll(async () => {
    site = await clusterSite('oidc', hosts);
    const dir = join(site.dir, 'issuer');
    mkdirSync(dir);
    issuer = await startIssuer(site.lab, dir, 9443);
  });

  afterAll(async () => {
    issuer.close();
    await site.close();
  });

  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const jwt = (more: SiteSpec = {}): SiteSpec => ({
    issuer: { url: issuer.url, certificateAuthority: issuer.ca, audiences: ['kubernetes'] },
    claimMappings: {
      username: { claim: 'sub', prefix: 'oidc:' },
      groups: { claim: 'groups', prefix: 'oidc:' },
    },
    ...more,
  });
  const webhook = {
    type: 'Webhook',
    name: 'elsewhere',
    webhook: {
      ...{ authorizedTTL: '5s', unauthorizedTTL: '5s', timeout: '3s', failurePolicy: 'NoOpinion' },
      ...{ subjectAccessReviewVersion: 'v1', matchConditionSubjectAccessReviewVersion: 'v1' },
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: webhookConfig },
      matchConditions: [{ expression: "request.user.startsWith('oidc:')" }],
    },
  };
  const authorizers = [{ type: 'Node', name: 'node' }, { type: 'RBAC', name: 'rbac' }, webhook];
  const up = async (spec: SiteSpec, rest: readonly string[] = ['--yes']): Promise<KbootResult> => {
    const inventory = await site.write('oidc', { spec });
    return await site.kboot('up', rest, { inventory });
  };
  const succeeds = async (spec: SiteSpec): Promise<void> => {
    const result = await up(spec);
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    const again = await up(spec);
    expect(again, again.stdout + again.stderr).toMatchObject({ exitCode: 0 });
    expect(again.stdout).toMatch(/nothing to do/i);
  };
  /** kubectl with nothing but a token. */
  const as = (token: string, ...args: readonly string[]): Promise<LabResult> =>
    site.lab.exec([
      ...[bundleProgram('kubectl'), '--kubeconfig=/dev/null', `--server=https://${address}:6443`],
      ...[`--certificate-authority=${join(site.dir, '.kboot/oidc/pki/ca.crt')}`, `--token=${token}`],
      ...['--request-timeout=10s', ...args],
    ]);
  const isAlice = async (): Promise<void> => {
    // The API server reads the keys of an issuer a moment after it starts.
    await eventually(30, async () => {
      const who = await as(issuer.token(), 'auth', 'whoami', '-o', 'json');
      expect(who, who.stderr).toMatchObject({ exitCode: 0 });
      expect((JSON.parse(who.stdout) as { status: unknown }).status).toMatchObject({
        userInfo: { username: 'oidc:alice', groups: ['oidc:dev', 'system:authenticated'] },
      });
    });
  };

  test('a token of the issuer is accepted, and no other', async () => {
    await succeeds({ apiServer: { authentication: { jwt: [jwt()] } } });
    await isAlice();
    await site.kube(['create', 'clusterrolebinding', 'dev', '--clusterrole=view', '--group=oidc:dev']);
    expect(await as(issuer.token(), 'get', 'pods', '-A')).toMatchObject({ exitCode: 0 });
    const secrets = await as(issuer.token(), 'get', 'secrets', '-A');
    tell(secrets.stderr);
    expect(secrets.stderr).toMatch(/"oidc:alice" cannot list resource "secrets"/);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const [title, token] of [
      ['another audience', issuer.token({ aud: 'others' })],
      ['another issuer', issuer.token({ iss: 'https://elsewhere.example.com' })],
      ['expired', issuer.token({ exp: Math.floor(Date.now() / 1000) - 60 })],
      ['another key', issuer.token({}, privateKey)],
    ] as const) {
      const refused = await as(token, 'get', 'pods', '-A');
      tell(`${title}: ${String(refused.exitCode)} ${refused.stderr.trim()}`);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toMatch(/Unauthorized|must be logged in/);
    }
    const served = await site.kboot('verify', ['--security'], { inventory: join(site.dir, 'oidc.yaml') });
    tell(served.stdout);
    expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
  });

  test('an authorizer of the inventory is asked', async () => {
    expect((await as(issuer.token(), 'create', 'configmap', 'mine')).stderr).toMatch(/cannot create/);
    await succeeds(sound());
    await isAlice();
    await eventually(20, async () => {
      const made = await as(issuer.token(), 'create', 'configmap', 'mine');
      expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    });
    expect((await as(issuer.token(), 'get', 'secrets')).stderr).toMatch(/cannot list resource "secrets"/);
    expect((await as(issuer.token({ sub: 'bob' }), 'create', 'configmap', 'his')).stderr).toMatch(
      /cannot create/,
    );
    tell(await site.kube(['get', 'configmap', 'mine']));
  });

  /** Everything, in a form that works. */
  function sound(more: SiteSpec = {}): SiteSpec {
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [
        {
          name: 'c',
          cluster: {
            server: `${issuer.url}/authorize`,
            'certificate-authority-data': Buffer.from(issuer.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    return {
      apiServer: { authentication: { jwt: [jwt()] }, authorization: { authorizers } },
      files: [{ path: webhookConfig, mode: '600', content: stringify(config) }],
      ...more,
    };
  }

  test('what API servers would refuse is refused before one restarts', async () => {
    const policy = join(site.dir, 'policy.yaml');
    writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Everything }]\n');
    const file = join(site.dir, 'authorization.yaml');
    writeFileSync(
      file,
      'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n  - { type: Node, name: node }\n  - { type: RBAC, nam: rbac }\n',
    );
    const username = { expression: 'claims.sub +' };
    const broken: readonly (readonly [RegExp, SiteSpec])[] = [
      [
        /jwt\[0\]\.claimMappings\.username\.expression: Invalid value: "claims\.sub \+"/,
        sound({
          apiServer: {
            authentication: { jwt: [jwt({ claimMappings: { username } })] },
            authorization: { authorizers },
          },
        }),
      ],
      [
        /unknown field.*nam/,
        sound({ apiServer: { authentication: { jwt: [jwt()] }, authorization: { file } } }),
      ],
      [
        /rules\[0\]\.level: Unsupported value: \\?"Everything\\?"/,
        sound({ security: { profile: 'baseline', audit: { policyFile: policy } } }),
      ],
    ];
    const before = await running(site, 'cp-1');
    const files = 'sha256sum /etc/kubernetes/security/* /etc/kubernetes/manifests/kube-apiserver.yaml';
    const sums = await output(site.lab, 'cp-1', files);
    for (const [said, spec] of broken) {
      const result = await up(spec);
      tell(result.stderr);
      expect(result.exitCode, result.stdout + result.stderr).toBe(1);
      expect(result.stderr).toMatch(said);
      expect(result.stderr.match(/^✗/gm)).toHaveLength(1);
      expect(restarted(before, await running(site, 'cp-1'))).toEqual([]);
      expect(await output(site.lab, 'cp-1', files)).toBe(sums);
    }
    expect(
      await output(site.lab, 'cp-1', 'ctr -n k8s.io containers list -q | grep -c kboot-check || true'),
    ).toBe('0');
    await succeeds(sound());
    await isAlice();
  });
});
