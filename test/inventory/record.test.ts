import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fieldChanges, recordOf, type InventoryRecord } from '../../src/inventory/record.ts';
import type { Inventory } from '../../src/inventory/schema.ts';
import { inventoryWith } from '../samples/inventory-options.ts';

const record = (spec: readonly string[] = [], host: readonly string[] = []): InventoryRecord =>
  recordOf(parse(inventoryWith(spec, host)) as Inventory);

describe('recordOf', () => {
  it('keeps fields by their path, with the value as JSON', () => {
    expect(record(['networking: {flannel: {mtu: 1400}}'], ['labels: {zone: a}'])).toEqual({
      'metadata.name': '"test"',
      'spec.kubernetesVersion': '"v1.36.2"',
      'spec.networking.flannel.mtu': '1400',
      'spec.hosts[cp-1].name': expect.stringContaining('sha256:') as string,
      'spec.hosts[cp-1].roles': '["control-plane"]',
      'spec.hosts[cp-1].address': '"10.0.0.11"',
      'spec.hosts[w-1].name': expect.stringContaining('sha256:') as string,
      'spec.hosts[w-1].roles': '["worker"]',
      'spec.hosts[w-1].address': '"10.0.0.21"',
      'spec.hosts[w-1].labels': '{"zone":"a"}',
    });
  });

  it('holds a digest where a value may be secret, and nothing of the machine that runs kboot', () => {
    const text = JSON.stringify(
      record([
        'files: [{path: /etc/token, content: s3cr3t, mode: "600"}]',
        'containerd: {config: {auth: {password: s3cr3t}}}',
        'apiServer: {extraArgs: [{name: oidc-client-secret, value: s3cr3t}]}',
        'hooks: [{name: own, after: host, run: "curl -u ops:s3cr3t https://x"}]',
        'ssh: {user: ops, identityFile: ~/.ssh/s3cr3t}',
        'templates: ./s3cr3t',
      ]),
    );
    expect(text).not.toContain('s3cr3t');
    expect(text).toContain('spec.files[/etc/token].content');
    expect(text).not.toMatch(/identityFile|templates/);
  });

  it('does not lose one of two flags of the same name', () => {
    const flags = (last: string): InventoryRecord =>
      record([`apiServer: {extraArgs: [{name: a, value: x}, {name: a, value: ${last}}]}`]);
    expect(fieldChanges(flags('y'), flags('z')).map(({ field }) => field)).toEqual([
      'spec.apiServer.extraArgs[1].value',
    ]);
  });
});

describe('fieldChanges', () => {
  it('are what differs, with the impact of each', () => {
    const was = record(['networking: {flannel: {mtu: 1400}}', 'imageRepository: a.example']);
    const now = record(['networking: {flannel: {mtu: 1450}}'], ['taints: [{key: a, effect: NoSchedule}]']);
    expect(fieldChanges(was, now)).toMatchObject([
      { field: 'spec.hosts[w-1].taints[a].effect', impact: { impact: 'disturbs' } },
      { field: 'spec.hosts[w-1].taints[a].key', impact: { impact: 'disturbs' } },
      { field: 'spec.imageRepository', from: '"a.example"', impact: { impact: 'disturbs' } },
      { field: 'spec.networking.flannel.mtu', from: '1400', to: '1450', impact: { impact: 'disturbs' } },
    ]);
  });

  it('a default that is spelled out, and another order of hosts, are no change', () => {
    expect(fieldChanges(record(), record(['networking: {podSubnet: 10.244.0.0/16}']))).toEqual([]);
    const inventory = parse(inventoryWith()) as Inventory;
    const turned = { ...inventory, spec: { ...inventory.spec, hosts: [...inventory.spec.hosts].reverse() } };
    expect(fieldChanges(recordOf(inventory), recordOf(turned))).toEqual([]);
  });

  it('a host that comes or goes is one change', () => {
    const two = record();
    const one = Object.fromEntries(Object.entries(two).filter(([field]) => !field.includes('[w-1]')));
    expect(fieldChanges(two, one)).toEqual([
      { field: 'spec.hosts[w-1]', impact: { impact: 'membership', what: 'the host leaves the cluster' } },
    ]);
    expect(fieldChanges(one, two)).toEqual([
      { field: 'spec.hosts[w-1]', impact: { impact: 'membership', what: 'the host joins the cluster' } },
    ]);
  });

  it('an add-on that comes or goes is one change', () => {
    const addons = (...list: readonly string[]): InventoryRecord => record([`addons: [${list.join(', ')}]`]);
    const chart = '{name: shop, namespace: shop, chart: {path: ./shop}, timeoutSeconds: 900}';
    const other = '{name: base, manifests: [{path: ./base.yaml}]}';
    const whole = [{ field: 'spec.addons[shop]', impact: expect.anything() as unknown }];
    expect(fieldChanges(addons(other), addons(other, chart))).toEqual(whole);
    expect(fieldChanges(addons(other, chart), addons(other))).toEqual(whole);
    const faster = chart.replace('900', '60');
    expect(fieldChanges(addons(chart), addons(faster)).map(({ field }) => field)).toEqual([
      'spec.addons[shop].timeoutSeconds',
    ]);
  });

  it('never shows a value that is recorded by its digest, nor a field that kboot does not know', () => {
    const secret = (value: string): InventoryRecord => record([`files: [{path: /etc/x, content: ${value}}]`]);
    expect(fieldChanges(secret('one'), secret('two'))).toEqual([
      { field: 'spec.files[/etc/x].content', impact: expect.anything() as unknown },
    ]);
    expect(fieldChanges({ 'spec.later': '1' }, { 'spec.later': '2' })).toEqual([]);
  });
});
