import { describe, expect, it } from 'vitest';
import { corefile } from '../../../src/desire/text/coredns.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { Dns } from '../../../src/model/cluster.ts';
import { withKept } from '../../../src/plan/diff/kept.ts';
import { contextOf, single } from '../../samples/text.ts';

const context = contextOf(single());
const plain = corefile(context, undefined);
const stub: Dns = { stubDomains: [{ domain: 'corp.example', servers: ['10.0.0.53'] }] };
const byHand = `${plain}corp.example:53 {\n  errors # mine\n  cache 30\n  forward . 10.0.0.53\n}\n`;

const configMap = (Corefile: string, manager?: string, operation = 'Update'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    ...{ name: 'coredns', namespace: 'kube-system' },
    ...(manager !== undefined && {
      managedFields: [{ manager, operation, fieldsV1: { 'f:data': { 'f:Corefile': {} } } }],
    }),
  },
  data: { Corefile },
});
const kept = (wanted: Dns | undefined, live: KubeObject) =>
  withKept(configMap(corefile(context, wanted)), [{ field: 'Corefile', plain }], live);

describe('a Corefile', () => {
  it('that kboot wrote is replaced', () => {
    const live = configMap(plain, 'kboot', 'Apply');
    expect(kept(stub, live)).toEqual({ object: configMap(corefile(context, stub)) });
  });

  it('that was changed by hand is kept and told, and not even sent', () => {
    const { object, warning } = kept(undefined, configMap(byHand, 'kubectl-edit'));
    expect(object['data']).toEqual({});
    expect(warning).toContain(
      'ConfigMap kube-system/coredns: its Corefile was changed by hand (kubectl-edit)',
    );
    expect(warning).toContain(
      'Only there: "corp.example:53 {", "errors", "cache 30", "forward . 10.0.0.53".',
    );
    expect(warning).toContain('spec.dns');
  });

  it('that lost a line by hand is kept', () => {
    const { object, warning } = kept(stub, configMap(plain.replace('    loop\n', ''), 'kubectl-edit'));
    expect(object['data']).toEqual({});
    expect(warning).toContain('Removed there: "loop".');
  });

  it('is taken over once the inventory has the change, in whatever layout', () => {
    expect(kept(stub, configMap(byHand, 'kubectl-edit'))).toEqual({
      object: configMap(corefile(context, stub)),
    });
    const upstream: Dns = { upstream: ['10.0.0.53'], stubDomains: [] };
    const edited = plain.replace('/etc/resolv.conf', '10.0.0.53');
    expect(kept(undefined, configMap(edited, 'kubectl-edit')).warning).toContain('"forward . 10.0.0.53 {"');
    expect(
      kept({ ...upstream, ...{ stubDomains: stub.stubDomains } }, configMap(edited, 'kubectl-edit')),
    ).not.toHaveProperty('warning');
  });

  it('that equals the desired one is nobody’s change', () => {
    expect(kept(undefined, configMap(plain, 'kubectl-edit'))).toEqual({ object: configMap(plain) });
  });

  it('without a record of who wrote it is kept', () => {
    expect(kept(undefined, configMap(byHand)).warning).toContain('changed by hand; kboot keeps it');
  });

  it('of the API is not printed raw', () => {
    expect(kept(undefined, configMap(`${byHand}a\u001b[2J {\n}\n`, 'kubectl-edit')).warning).not.toContain(
      '\u001b',
    );
  });
});

it('a number of replicas is kept unless it is stated', () => {
  const deployment = (replicas: number): KubeObject => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace: 'kube-system' } },
    spec: { replicas, paused: false },
  });
  expect(withKept(deployment(2), [{ field: 'replicas' }], deployment(5)).object).toEqual(deployment(5));
  expect(withKept(deployment(2), undefined, deployment(5)).object).toEqual(deployment(2));
});

it('readiness probes keep their periods, since others would roll the Pods', () => {
  const deployment = (periodSeconds: number | undefined, image: string): KubeObject => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace: 'kube-system' } },
    spec: {
      replicas: 2,
      template: {
        metadata: { labels: { 'k8s-app': 'kube-dns' } },
        spec: {
          containers: [
            {
              ...{ name: 'coredns', image },
              readinessProbe: { httpGet: { port: 8181 }, ...(periodSeconds && { periodSeconds }) },
            },
            { name: 'other' },
          ],
          priorityClassName: 'system-cluster-critical',
        },
      },
    },
  });
  const keeps = [{ field: 'readinessPeriod' }] as const;
  expect(withKept(deployment(2, 'new'), keeps, deployment(10, 'old')).object).toEqual(deployment(10, 'new'));
  const other = {
    ...deployment(10, 'old'),
    spec: { template: { spec: { containers: [{ name: 'mine' }] } } },
  };
  expect(withKept(deployment(2, 'new'), keeps, other).object).toEqual(deployment(2, 'new'));
  expect(withKept(deployment(2, 'new'), keeps, { ...other, spec: {} }).object).toEqual(deployment(2, 'new'));
});
