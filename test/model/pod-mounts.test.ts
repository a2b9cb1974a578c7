import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { staticPods } from '../../src/desire/text/static-pods.ts';
import { flagPaths, hostPathOf, ownMounts, volumeFor } from '../../src/model/pod-mounts.ts';
import { contextOf, facts, firstHost, found, single } from '../samples/text.ts';

it('the mounts of the static Pods are those of their texts', () => {
  const cluster = single();
  const on = { ...facts, caDirectories: ['/etc/pki/ca-trust', '/etc/pki/tls/certs', ...facts.caDirectories] };
  const host = firstHost(cluster);
  for (const { name, text } of staticPods(contextOf(cluster), host, on, {
    etcd: { initialCluster: [host], state: 'new' },
  })) {
    const { spec } = parse(text) as {
      spec: { containers: [{ volumeMounts: { name: string; mountPath: string }[] }] };
    };
    const mounts = spec.containers[0].volumeMounts.map((mount) => [mount.name, mount.mountPath]);
    const own = Object.entries(ownMounts[name]).filter(([volume]) => volume !== 'flexvolume-dir');
    expect(mounts.filter(([volume]) => volume !== 'etcd-data').sort(), name).toEqual(own.sort());
  }
});

describe('flagPaths', () => {
  it.each<[string, string, readonly string[]]>([
    ['audit-policy-file', '/etc/a.yaml', ['/etc/a.yaml']],
    ['audit-policy-file', '/etc/folder/', ['/etc/folder']],
    ['service-account-key-file', '/a/b,/c/d', ['/a/b', '/c/d']],
    ['tls-sni-cert-key', '/a.crt,/a.key:*.example,b.example', ['/a.crt', '/a.key']],
    ['auth-token', 'jwt,pub-key=/a.pub,priv-key=/a.key,sign-method=RS256', ['/a.pub', '/a.key']],
    ['service-account-issuer', 'https://kubernetes.default.svc', []],
    ['audit-log-path', '-', []],
    ['etcd-prefix', '/registry', []],
    ['authorization-always-allow-paths', '/healthz,/readyz', []],
    ['etcd_prefix', '/registry', []],
    ['etcd-servers', 'unix:///run/etcd.sock', []],
    ['v', '2', []],
  ])('--%s=%s', (name, value, expected) => {
    expect(flagPaths({ name, value }).map(({ path }) => path)).toEqual(expected);
  });

  it('knows what a component writes itself', () => {
    expect(flagPaths({ name: 'audit-log-path', value: '/var/log/a' })).toEqual([
      { path: '/var/log/a', isRead: false },
    ]);
  });
});

it('a path is that of the longest mount that it is in', () => {
  const volumes = [
    { hostPath: '/srv', mountPath: '/inside' },
    { hostPath: '/other', mountPath: '/inside/deep' },
  ];
  const of = (path: string): string | undefined => hostPathOf('kube-scheduler', volumes, path);
  expect([of('/inside'), of('/inside/a'), of('/inside/deep/a'), of('/insides')]).toEqual([
    '/srv',
    '/srv/a',
    '/other/a',
    undefined,
  ]);
  expect(of('/etc/kubernetes/scheduler.conf')).toBe('/etc/kubernetes/scheduler.conf');
});

it('proposes a volume with a valid name', () => {
  expect(volumeFor('/etc/kubernetes/Audit_Policy.yaml', true)).toMatchObject({
    name: 'audit-policy',
    hostPath: '/etc/kubernetes/Audit_Policy.yaml',
    pathType: 'File',
  });
  expect(volumeFor('/var/log/kubernetes/audit.log', false)).toEqual({
    ...{ name: 'kubernetes', hostPath: '/var/log/kubernetes', mountPath: '/var/log/kubernetes' },
    ...{ readOnly: false, pathType: 'DirectoryOrCreate' },
  });
  expect(found(volumeFor('/___', true).name)).toBe('files');
});
