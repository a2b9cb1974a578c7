import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { componentCatalog } from '../../../src/catalog/components.ts';
import type { FlagComponent } from '../../../src/inventory/components/facts.ts';
import { flagProblems } from '../../../src/inventory/components/flags.ts';
import { isOneEditApart, oneEdit } from './edits.ts';

const components = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'etcd',
] as const satisfies readonly FlagComponent[];

const problems = (component: FlagComponent, name: string, value: string, minor = 36) =>
  flagProblems([{ name, value }], ['args'], {
    catalog: componentCatalog,
    minor,
    component,
    isIgnored: false,
  });
const messages = (...args: Parameters<typeof problems>): string[] =>
  problems(...args).map(({ severity, message }) => `${severity === 'warning' ? 'warning: ' : ''}${message}`);

/** Flags of the static Pods in the golden files. */
function goldenFlags(): { component: FlagComponent; name: string; value: string }[] {
  const golden = new URL('../../golden/', import.meta.url);
  const files = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(kube-apiserver|kube-controller-manager|kube-scheduler|etcd)\.yaml$/.test(name),
  );
  return files.flatMap((file) => {
    const pod = parse(readFileSync(new URL(file, golden), 'utf8')) as {
      spec: { containers: [{ command: [FlagComponent, ...string[]] }] };
    };
    const [component, ...flags] = pod.spec.containers[0].command;
    return flags.map((flag) => {
      const [, name = '', value = ''] = /^--([^=]+)=(.*)$/.exec(flag) ?? [];
      return { component, name, value };
    });
  });
}

describe('flagProblems', () => {
  it('accepts the flags that kboot and kubeadm write', () => {
    const flags = goldenFlags();
    expect(flags.length).toBeGreaterThan(500);
    for (const { component, name, value } of flags)
      for (const minor of [34, 35, 36]) expect(messages(component, name, value, minor)).toEqual([]);
  });

  it.each(components)('finds every flag of %s that is wrong by one character', (component) => {
    const flags = componentCatalog.flags()[component];
    const all = Object.values(flags.flags).flat();
    const known = all.filter((name) => (flags.until?.[name] ?? 36) >= 36);
    expect(known.length).toBeGreaterThan(50);
    for (const name of known.filter((each) => each.length > 2)) {
      fc.assert(
        fc.property(oneEdit(name), (wrong) => {
          if (all.includes(wrong) || flags.removed?.includes(wrong) === true) return;
          const [found] = messages(component, wrong, '');
          const suggestion = /did you mean "(.*)"\?$/.exec(found ?? '')?.[1] ?? '';
          expect(known).toContain(suggestion);
          if (suggestion !== name) expect(isOneEditApart(wrong, suggestion)).toBe(true);
        }),
        { numRuns: 1 },
      );
    }
  });

  it.each<[component: FlagComponent, name: string, value: string, found: string | undefined]>([
    [
      'kube-apiserver',
      'audit-log-maxag',
      '1',
      'kube-apiserver of Kubernetes v1.36 has no flag --audit-log-maxag; did you mean "audit-log-maxage"?',
    ],
    [
      'kube-apiserver',
      'audit-log-maxage',
      'thirty',
      'flag --audit-log-maxage of kube-apiserver must be a whole number, not "thirty"',
    ],
    ['kube-apiserver', 'audit_log_maxage', '30', undefined],
    [
      'etcd',
      'snapshot_count',
      '1',
      'etcd of Kubernetes v1.36 has no flag --snapshot_count; did you mean "snapshot-count"?',
    ],
    [
      'etcd',
      'quota-backend-bytes',
      '8GiB',
      'flag --quota-backend-bytes of etcd must be a whole number, not "8GiB"',
    ],
    ['etcd', 'enable-v2', 'true', 'flag --enable-v2 of etcd was removed in etcd v3.6; remove it'],
    [
      'etcd',
      'feature-gates',
      'CompactHashChek=true',
      'etcd has no feature gate "CompactHashChek"; did you mean "CompactHashCheck"?',
    ],
    [
      'kube-controller-manager',
      'node-monitor-grace-period',
      '40',
      'flag --node-monitor-grace-period of kube-controller-manager must be a duration such as "10s" or "1m30s", not "40"',
    ],
    [
      'kube-apiserver',
      'node-monitor-grace-period',
      '40s',
      'kube-apiserver of Kubernetes v1.36 has no flag --node-monitor-grace-period; it is a flag of kube-controller-manager',
    ],
    [
      'kube-apiserver',
      'anonymous-auth',
      'no',
      'flag --anonymous-auth of kube-apiserver must be "true" or "false", not "no"',
    ],
    [
      'kube-apiserver',
      'bind-address',
      '10.0.0.300',
      'flag --bind-address of kube-apiserver must be an IP address, not "10.0.0.300"',
    ],
    ['kube-apiserver', 'bind-address', '::', undefined],
    ['kube-apiserver', 'goaway-chance', '.001', undefined],
    [
      'kube-scheduler',
      'kube-api-burst',
      '99999999999',
      'flag --kube-api-burst of kube-scheduler must be a whole number of 32 bits, not "99999999999"',
    ],
    [
      'kube-apiserver',
      'kubelet-port',
      '10250',
      'warning: flag --kubelet-port of kube-apiserver is deprecated, and a later version of Kubernetes removes it',
    ],
    [
      'kube-apiserver',
      'insecure-port',
      '0',
      'flag --insecure-port of kube-apiserver was removed before Kubernetes v1.33; remove it',
    ],
    [
      'kubelet',
      'pod-infra-container-image',
      'x',
      'flag --pod-infra-container-image of kubelet was removed in Kubernetes v1.35; remove it',
    ],
    [
      'kube-apiserver',
      'enable-admission-plugins',
      'NodeRestriction,PodSecurityPolicy',
      'admission plugin PodSecurityPolicy was removed before Kubernetes v1.33; remove it',
    ],
    [
      'kube-apiserver',
      'enable-admission-plugins',
      'AlwaysPullImage',
      'Kubernetes v1.36 has no admission plugin "AlwaysPullImage"; did you mean "AlwaysPullImages"?',
    ],
    [
      'kube-apiserver',
      'authorization-mode',
      'Node,RBCA',
      'flag --authorization-mode of kube-apiserver: a mode must be AlwaysAllow, AlwaysDeny, ABAC, Webhook, RBAC or Node, not "RBCA"; did you mean "RBAC"?',
    ],
    ['kube-apiserver', 'feature-gates', 'kube:PodLevelResources=true, AllAlpha=false', undefined],
    [
      'kubelet',
      'feature-gates',
      'PodLevelResources=yes',
      'flag --feature-gates of kubelet: a feature gate must be NAME=true or NAME=false, not "PodLevelResources=yes"',
    ],
    [
      'kubelet',
      'feature-gates',
      'PodLevelResource=true',
      'Kubernetes v1.36 has no feature gate "PodLevelResource"; did you mean "PodLevelResources"?',
    ],
    [
      'kubelet',
      'wibble',
      '1',
      'kubelet of Kubernetes v1.36 has no flag --wibble; remove it, or if your build of the component knows it, add ComponentConfig to spec.preflight.ignore',
    ],
    ['kubelet', 'seccomp-default', 'true', undefined],
  ])('%s --%s=%s', (component, name, value, found) => {
    expect(messages(component, name, value)).toEqual(found === undefined ? [] : [found]);
  });

  it('knows the version of a flag and of a plugin', () => {
    const name = 'tls-curve-preferences';
    expect(messages('kube-scheduler', name, '1', 36)).toEqual([]);
    expect(messages('kube-scheduler', name, '1', 35)).toEqual([
      `flag --${name} of kube-scheduler needs Kubernetes v1.36 or newer, not v1.35; remove it, or raise spec.kubernetesVersion`,
    ]);
    expect(messages('kubelet', 'pod-infra-container-image', 'x', 34)).toEqual([
      'warning: flag --pod-infra-container-image of kubelet is deprecated, and a later version of Kubernetes removes it',
    ]);
    expect(messages('kube-apiserver', 'enable-admission-plugins', 'JobValidation', 36)).toEqual([]);
    expect(messages('kube-apiserver', 'enable-admission-plugins', 'JobValidation', 35)).toEqual([
      'admission plugin JobValidation needs Kubernetes v1.36 or newer, not v1.35; remove it, or raise spec.kubernetesVersion',
    ]);
  });

  it('points to the name or to the value', () => {
    expect(problems('kubelet', 'wibble', '1')[0]?.path).toEqual(['args', 0, 'name']);
    expect(problems('kubelet', 'max-pods', 'x')[0]?.path).toEqual(['args', 0, 'value']);
  });

  it.each([
    ['scheduling.k8s.io/v1alpha1=true', 35, []],
    [
      'scheduling.k8s.io/v1alpha1=true',
      36,
      ['API version scheduling.k8s.io/v1alpha1 was removed in Kubernetes v1.36; remove it'],
    ],
    [
      'api/all=true, scheduling.k8s.io/v1alpha1/workloads',
      36,
      ['API version scheduling.k8s.io/v1alpha1 was removed in Kubernetes v1.36; remove it'],
    ],
    [
      'storagemigration.k8s.io/v1beta1=true',
      34,
      [
        'API version storagemigration.k8s.io/v1beta1 needs Kubernetes v1.35 or newer, not v1.34; remove it, or raise spec.kubernetesVersion',
      ],
    ],
    ['example.com/v1=true,storage.k8s.io/v1beta1=true,v1=true', 36, []],
  ] as const)('API versions that a minor does not have: %s in v1.%s', (value, minor, expected) => {
    expect(messages('kube-apiserver', 'runtime-config', value, minor)).toEqual(expected);
  });
});
