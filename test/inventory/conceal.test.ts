import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInventory } from '../../src/inventory/parse.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const secret = 'Hunter2-and-the-staple';
const messages = (spec: readonly string[], host: readonly string[] = [], value = secret): string => {
  const { diagnostics } = parseInventory(
    inventoryWith(spec, host),
    optionsFor('mine.yaml', { SECRET: value }),
  );
  return diagnostics.map(({ message }) => message).join('\n');
};

describe('a value of the environment', () => {
  it.each([
    ['a version', ['kubernetesVersion: ${SECRET}']],
    ['a choice', ['networking: {kubeProxy: {mode: "${SECRET}"}}']],
    ['a number', ['ssh: {port: "${SECRET}"}']],
    ['a number without quotes', ['ssh: {port: ${SECRET}}']],
    ['a mapping', ['networking: ${SECRET}']],
    ['a list', ['networking: {podSubnets: ${SECRET}}']],
    ['an item of a list', ['dns: {upstream: ["${SECRET}"]}']],
    ['a part of a value', ['networking: {podSubnet: "10.0.0.0/8 ${SECRET}"}']],
    ['an address with a separator', ['controlPlaneEndpoint: "${SECRET}:6443:1"']],
    ['a flag', ['apiServer: {extraArgs: [{name: "${SECRET}", value: x}]}']],
    ['the path of a file', ['files: [{path: "${SECRET}", content: x}]']],
    ['a URL', ['proxy: {http: "${SECRET}"}']],
    [
      'a mirror',
      ['containerd: {registries: [{host: "${SECRET}/x y", mirrors: [{url: "ftp://${SECRET}"}]}]}'],
    ],
    ['a time', ['etcd: {backup: {schedule: "${SECRET}"}}']],
    ['a feature gate', ['featureGates: {"x": "${SECRET}"}']],
    ['a label', [], ['labels: {zone: "${SECRET}!"}']],
    ['a role', [], ['taints: [{key: "${SECRET}!", effect: "${SECRET}"}]']],
  ] as [string, string[], string[]?][])('is not in the message about %s', (_what, spec, host) => {
    const text = messages(spec, host);
    expect(text).not.toBe('');
    expect(text.toLowerCase()).not.toMatch(/hunter2|staple|and-the/);
    expect(text).not.toContain('did you mean');
  });

  it('is called by its variable', () => {
    expect(messages(['loadBalancer: {virtualIP: "${SECRET}"}'])).toContain('${SECRET}');
    expect(messages([], ['address: "${SECRET}"'])).toContain('${SECRET}');
  });

  it('is not proposed by what it resembles', () => {
    expect(messages(['networking: {kubeProxy: {mode: "${SECRET}"}}'], [], 'iptable')).not.toContain(
      'iptable',
    );
    expect(messages([], ['roles: ["${SECRET}"]'], 'workr')).not.toContain('workr');
  });

  it('is in no message, whatever it is and wherever it stands', () => {
    const places = [
      'kubernetesVersion: V',
      'imageRepository: V',
      'controlPlaneEndpoint: V',
      'dns: {domain: V}',
    ];
    places.push(
      'networking: {podSubnet: V}',
      'ssh: {user: V, port: V}',
      'loadBalancer: {virtualIP: V}',
      'etcd: {dataDir: V}',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^[A-Z0-9!#%&+,.:/@^_~-]{6,80}$/),
        (place, value) => {
          const text = messages([place.replaceAll('V', '"${SECRET}"')], [], value);
          expect(text.replaceAll('${SECRET}', '').toUpperCase()).not.toContain(value.slice(0, 6));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is in what the cluster keeps of the inventory only as a digest', () => {
    const { record } = parseInventory(
      inventoryWith(['networking: {dnsDomain: "${SECRET}"}'], ['labels: {zone: "a-${SECRET}"}']),
      optionsFor('mine.yaml', { SECRET: 'hunter2.local' }),
    );
    expect(record?.['spec.networking.dnsDomain']).toMatch(/^"sha256:/);
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });

  it('is never one of kboot, whose variables have passwords', () => {
    const text = inventoryWith(['imageRepository: "x.example.com/${KBOOT_SUDO_PASSWORD:-none}"']);
    const { diagnostics } = parseInventory(text, optionsFor('mine.yaml', { KBOOT_SUDO_PASSWORD: secret }));
    expect(diagnostics.map(({ message }) => message)).toEqual([
      expect.stringContaining("KBOOT_SUDO_PASSWORD is one of kboot's own"),
    ]);
  });
});
