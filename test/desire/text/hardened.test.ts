import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hardened, securityFilesOf } from '../../../src/desire/text/hardened.ts';
import { securityText } from '../../../src/desire/text/security.ts';
import { parseInventory } from '../../../src/inventory/parse.ts';
import type { Cluster, ExtraArg } from '../../../src/model/cluster.ts';
import { createRenderer } from '../../../src/render/renderer.ts';
import { inventoryWith, optionsFor } from '../../samples/inventory-options.ts';

function clusterOf(...spec: readonly string[]): Cluster {
  const { cluster, diagnostics } = parseInventory(inventoryWith(spec), optionsFor('x.yaml'));
  if (cluster === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return cluster;
}

const problemsOf = (...spec: readonly string[]): readonly string[] =>
  parseInventory(inventoryWith(spec), optionsFor('x.yaml')).diagnostics.map(({ message }) => message);

const flag = (args: readonly ExtraArg[], name: string): readonly string[] =>
  args.filter((each) => each.name === name).map(({ value }) => value);

const textOf = (cluster: Cluster, file: Parameters<typeof securityText>[1]): unknown =>
  parse(securityText({ cluster, renderer: createRenderer({}), uploads: new Map() }, file));

describe('profiles', () => {
  it('kubeadm adds nothing', () => {
    const cluster = clusterOf('security: { profile: kubeadm }');
    expect(hardened(cluster)).toEqual(cluster);
    expect(cluster.encryption).toBeUndefined();
  });

  it('a new cluster is baseline, and encrypts Secrets', () => {
    const cluster = clusterOf();
    expect(cluster.security.profile).toBe('baseline');
    expect(cluster.encryption).toMatchObject({ provider: 'secretbox', resources: ['secrets'] });
    expect(clusterOf('security: { encryptSecrets: false }').encryption).toBeUndefined();
  });

  it('restricted counts events, and keeps the plugins of the operator', () => {
    const args = hardened(
      clusterOf(
        'security: { profile: restricted }',
        'apiServer: { extraArgs: [{ name: enable-admission-plugins, value: "NodeRestriction,AlwaysPullImages" }] }',
      ),
    ).apiServer.extraArgs;
    expect(flag(args, 'enable-admission-plugins')).toEqual([
      'NodeRestriction,AlwaysPullImages,EventRateLimit',
    ]);
  });

  it("an operator's own flag wins, with its file", () => {
    const cluster = clusterOf(
      'security: { profile: restricted }',
      'files: [{ path: /etc/kubernetes/pki/own.yaml, content: x }]',
      'apiServer: { extraArgs: [{ name: admission_control_config_file, value: /etc/kubernetes/pki/own.yaml }, { name: profiling, value: "true" }] }',
    );
    const { extraArgs } = hardened(cluster).apiServer;
    expect(securityFilesOf(cluster)).toEqual(['audit', 'authentication']);
    expect(flag(extraArgs, 'admission-control-config-file')).toEqual([]);
    // Without its configuration, EventRateLimit could not start.
    expect(flag(extraArgs, 'enable-admission-plugins')).toEqual([]);
    expect(flag(extraArgs, 'profiling')).toEqual(['true']);
  });
});

describe('files of API servers', () => {
  it('bodies are logged by restricted only, and never of Secrets', () => {
    const levels = (profile: string): readonly string[] =>
      (
        textOf(clusterOf(`security: { profile: ${profile} }`), 'audit') as {
          rules: readonly { level: string; resources?: readonly { resources?: readonly string[] }[] }[];
        }
      ).rules
        .filter(({ level }) => level !== 'None')
        .map(({ level, resources }) => `${level} ${resources?.[0]?.resources?.[0] ?? ''}`.trim());
    expect(levels('baseline')).toEqual(['Metadata secrets', 'Metadata']);
    expect(levels('restricted')).toEqual(['Metadata secrets', 'Request', 'Metadata']);
  });

  it('only health is answered without credentials, in the version that the API server has', () => {
    expect(textOf(clusterOf(), 'authentication')).toEqual({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      anonymous: {
        enabled: true,
        conditions: [{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }],
      },
      jwt: [],
    });
    const older = { ...clusterOf(), kubernetesVersion: 'v1.33.9' };
    expect(textOf(older, 'authentication')).toMatchObject({ apiVersion: 'apiserver.config.k8s.io/v1beta1' });
  });

  it('issuers of tokens and namespaces of the operator are in them', () => {
    const cluster = clusterOf(
      'security: { podSecurity: { exemptNamespaces: [storage] } }',
      'apiServer: { authentication: { jwt: [{ issuer: { url: "https://login.example.com", audiences: [k8s] }, claimMappings: { username: { claim: sub, prefix: "" } } }] } }',
    );
    expect(textOf(cluster, 'authentication')).toMatchObject({
      anonymous: { enabled: true },
      jwt: [{ issuer: { audiences: ['k8s'] } }],
    });
    expect(JSON.stringify(textOf(cluster, 'admission'))).toContain(
      '"namespaces":["kube-system","kube-flannel","metallb-system","storage"]',
    );
  });
});

describe('flags that Kubernetes does not accept beside them', () => {
  const withFlag = (name: string, ...spec: readonly string[]): readonly string[] =>
    problemsOf(...spec, `apiServer: { extraArgs: [{ name: ${name}, value: "true" }] }`);

  it.each([
    ['anonymous-auth', /spec.security.anonymous: allowed/],
    ['oidc-issuer-url', /spec.apiServer.authentication.jwt/],
  ])('%s names the field to use', (name, expected) => {
    expect(withFlag(name).join('\n')).toMatch(expected);
    expect(withFlag(name, 'security: { anonymous: allowed }').join('\n')).not.toMatch(expected);
    expect(withFlag(name, 'security: { profile: kubeadm }').join('\n')).not.toMatch(expected);
  });

  it('authorizers include those that kubelets need', () => {
    expect(
      problemsOf('apiServer: { authorization: { authorizers: [{ type: RBAC, name: rbac }] } }').join('\n'),
    ).toMatch(/must include Node/);
    expect(problemsOf('apiServer: { authentication: {} }').join('\n')).toMatch(/either jwt or file/);
    expect(
      problemsOf('encryption: { provider: secretbox }', 'security: { encryptSecrets: false }').join('\n'),
    ).toMatch(/contradicts spec.encryption/);
  });
});
