import { describe, expect, it } from 'vitest';
import { linkMtu } from '../../src/resource/link-mtu.ts';
import type { LinkMtuResource } from '../../src/resource/types.ts';

const want = (more: Partial<LinkMtuResource> = {}): LinkMtuResource => ({
  ...{ kind: 'link-mtu', stage: 'runtime', link: 'flannel.1', below: 'eth0', overhead: 50 },
  ...more,
});
const reasonFor = (resource: LinkMtuResource, output: string): string | undefined => {
  const [seen] = linkMtu.read([resource], output);
  if (seen === undefined || seen.state === 'unknown') throw new Error('unknown');
  return linkMtu.action(resource, seen, { disturbed: new Set() })?.reason;
};

describe("the MTU of flannel's link", () => {
  it('is left to flannel until the link exists', () => {
    expect(reasonFor(want({ mtu: 1400 }), 'eth0 1500\n')).toBeUndefined();
  });

  it('follows the stated MTU, or that of the interface below', () => {
    expect(reasonFor(want({ mtu: 1400 }), 'flannel.1 1450\neth0 1500\n')).toBe('MTU 1450 becomes 1350');
    expect(reasonFor(want({ mtu: 1400 }), 'flannel.1 1350\neth0 1500\n')).toBeUndefined();
    expect(reasonFor(want(), 'flannel.1 1350\neth0 1500\n')).toBe('MTU 1350 becomes 1450');
    expect(reasonFor(want(), 'flannel.1 1350\n')).toBeUndefined();
  });

  it('is set without an interruption', () => {
    const [seen] = linkMtu.read([want()], 'flannel.1 1350\neth0 9000\n');
    if (seen?.state !== 'present') throw new Error('absent');
    expect(linkMtu.action(want(), seen, { disturbed: new Set() })).toMatchObject({
      script: 'ip link set dev flannel.1 mtu 8950',
      effects: [],
    });
  });
});
