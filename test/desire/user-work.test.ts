import { expect, it } from 'vitest';
import { desireHost } from '../../src/desire/host.ts';
import type { Cluster, Hook, UserFile } from '../../src/model/cluster.ts';
import { sha256 } from '../../src/model/digest.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { resourceId } from '../../src/resource/kinds.ts';
import type { Resource } from '../../src/resource/types.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';
import { unissued } from '../samples/desire.ts';

const file = (path: string, more: Partial<UserFile> = {}): UserFile => ({
  ...{ path, mode: '644', stage: 'runtime', hosts: ['w-1'], restarts: [], secret: false },
  content: { text: 'a\n' },
  ...more,
});
const hook = (name: string, when: Hook['when'], more: Partial<Hook> = {}): Hook => ({
  ...{ name, when, stage: 'runtime', on: ['w-1'], run: 'true', timeoutSeconds: 20 },
  ...more,
});

function want(name: string, more: Partial<Cluster>): readonly Resource[] {
  const parsed = parseInventory(inventoryWith(), optionsFor('x.yaml')).cluster;
  if (parsed === undefined) throw new Error('the sample is not valid');
  const cluster = { ...parsed, ...more };
  const host = cluster.hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(name);
  return desireHost(unissued(cluster), host, assumedFacts);
}

it('files come before anything of their stage is started, hooks around all of it, on the selected hosts', () => {
  const more = { files: [file('/etc/x/y')], hooks: [hook('b', 'before'), hook('a', 'after')] };
  const ids = want('w-1', more)
    .filter(({ stage }) => stage === 'runtime')
    .map(resourceId);
  const at = (id: string): number => ids.indexOf(id);
  expect(at('hook b')).toBe(0);
  expect(at('hook a')).toBe(ids.length - 1);
  expect(ids.slice(at('directory /etc/x'), at('directory /etc/x') + 3)).toEqual([
    'directory /etc/x',
    'file /etc/x/y',
    'unit containerd',
  ]);
  expect(want('cp-1', more)).toEqual(want('cp-1', {}));
});

it('nothing happens in a stage that the host does not go through', () => {
  const more = { hooks: [hook('never', 'before', { stage: 'control-plane', unless: 'false' })] };
  expect(want('w-1', more)).toEqual(want('w-1', {}));
});

it('secrets, non-text and long files are represented by their digest', () => {
  const files = [
    file('/a', { secret: true }),
    file('/b', { content: { text: 'b'.repeat(70_000) } }),
    file('/c'),
  ];
  const contents = want('w-1', { files }).flatMap((each) =>
    each.kind === 'file' && /^\/[abc]$/.test(each.path) ? [each.content] : [],
  );
  expect(contents).toEqual([
    { kind: 'secret', name: 'spec.files /a', digest: sha256('a\n') },
    { kind: 'secret', name: 'spec.files /b', digest: sha256('b'.repeat(70_000)) },
    { kind: 'text', text: 'a\n' },
  ]);
});

it("a path of kboot's own is refused", () => {
  expect(() => want('w-1', { files: [file('/etc/containerd/config.toml')] })).toThrow(
    "spec.files: /etc/containerd/config.toml is kboot's own",
  );
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
  expect(() => want('cp-1', { files: [file(manifest, { hosts: ['cp-1'] })] })).toThrow(
    `spec.files: ${manifest} is kboot's own`,
  );
  expect(() =>
    want('cp-1', { files: [file('/etc/kubernetes/manifests/own.yaml', { hosts: ['cp-1'] })] }),
  ).not.toThrow();
});

it("one of kboot's folders comes earlier if a file needs it earlier", () => {
  const ids = want('w-1', { files: [file('/var/lib/kubelet/config.json')] }).map(resourceId);
  const at = ids.indexOf('file /var/lib/kubelet/config.json');
  expect(ids[at - 1]).toBe('directory /var/lib/kubelet');
  expect(ids.filter((id) => id === 'directory /var/lib/kubelet')).toHaveLength(1);
  expect(at).toBeLessThan(ids.indexOf('unit containerd'));
});

it('a folder of several files is created once, before the first of them', () => {
  const files = [file('/etc/own/late', { stage: 'node' }), file('/etc/own/early'), file('/etc/own/too')];
  const made = want('w-1', { files }).filter((each) => resourceId(each) === 'directory /etc/own');
  expect(made).toMatchObject([{ stage: 'runtime', keep: true }]);
});

it('a static Pod restarts for a file that it mounts, that one of its flags names, or that names it', () => {
  const volume = { name: 'v', readOnly: true, pathType: '' as const };
  const more: Partial<Cluster> = {
    apiServer: {
      certSANs: [],
      extraArgs: [
        { name: 'audit-policy-file', value: '/inside/policy.yaml' },
        {
          name: 'tls-sni-cert-key',
          value: '/etc/kubernetes/pki/a.crt,/etc/kubernetes/pki/a.key:api.example',
        },
        { name: 'audit-log-path', value: '/etc/kubernetes/pki/log' },
      ],
      extraVolumes: [{ ...volume, hostPath: '/srv/audit', mountPath: '/inside' }],
    },
    scheduler: {
      extraArgs: [],
      extraVolumes: [{ ...volume, hostPath: '/srv/audit/policy.yaml', mountPath: '/p' }],
    },
  };
  const readers = (name: string, path: string, restarts: readonly string[] = []): unknown =>
    want(name, { ...more, files: [file(path, { hosts: ['cp-1', 'w-1'], restarts })] }).find(
      (each) => resourceId(each) === `file ${path}`,
    );
  const by = (...readBy: string[]): object => ({ readBy });
  expect(readers('cp-1', '/srv/audit/policy.yaml')).toMatchObject(
    by('pod-kube-apiserver', 'pod-kube-scheduler'),
  );
  expect(readers('cp-1', '/srv/audit/other')).toMatchObject(by('pod-kube-apiserver'));
  expect(readers('cp-1', '/srv/audited')).toMatchObject(by());
  expect(readers('cp-1', '/etc/kubernetes/pki/a.key')).toMatchObject(by('pod-kube-apiserver'));
  expect(readers('cp-1', '/etc/kubernetes/pki/log')).toMatchObject(by());
  expect(readers('cp-1', '/etc/ssl/certs/own.pem')).toMatchObject(by());
  expect(readers('cp-1', '/a', ['kubelet', 'etcd', 'kube-controller-manager'])).toMatchObject(
    by('kubelet', 'pod-etcd', 'pod-kube-controller-manager'),
  );
  expect(readers('w-1', '/a', ['kubelet', 'etcd', 'kube-controller-manager'])).toMatchObject(by('kubelet'));
  expect(readers('w-1', '/srv/audit/policy.yaml')).toMatchObject(by());
});
