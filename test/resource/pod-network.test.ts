import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { podNetwork } from '../../src/resource/pod-network.ts';
import { alignBridge } from '../../src/resource/bridge.ts';
import { sandbox, shells } from './sandbox.ts';

const want = { kind: 'pod-network', stage: 'node' } as const;
const moved = ['/run/flannel', '/var/lib/cni', '/sys/class/net', '/proc/'];

function read(output: string): ReturnType<typeof podNetwork.action> {
  const [seen] = podNetwork.read([want], output);
  if (seen === undefined || seen.state === 'unknown') throw new Error('unknown');
  return podNetwork.action(want, seen, { disturbed: new Set() });
}

describe.each(shells)('the Pod network of an earlier cluster (%s)', (shell) => {
  it('is found by its files and links, and its files are removed; those of other networks stay', () => {
    const box = sandbox(shell, moved);
    box.write(
      box.path('run/flannel/subnet.env'),
      'FLANNEL_NETWORK=10.99.0.0/16\nFLANNEL_SUBNET=10.99.4.1/24\nFLANNEL_MTU=1450\n',
    );
    box.write(box.path('var/lib/cni/networks/cbr0/10.99.4.2'), 'x');
    box.write(box.path('var/lib/cni/networks/podman/10.88.0.2'), 'x');
    box.write(box.path('var/lib/cni/results/cbr0-abc-eth0'), 'x');
    box.write(box.path('sys/class/net/cni0/mtu'), '1450');
    const action = box.plan(want);
    expect(action).toMatchObject({ verb: 'delete' });
    expect(action?.reason).toBe(
      `of an earlier cluster, before the kubelet starts: ${box.path('run/flannel/subnet.env')} (10.99.4.1/24), ${box.path('var/lib/cni/networks/cbr0')}, link cni0`,
    );
    const files = (action?.script ?? '').split('\n')[0] ?? '';
    expect(box.run(files)).toMatchObject({ status: 0 });
    expect(box.text(box.path('run/flannel/subnet.env'))).toBeUndefined();
    expect(box.text(box.path('var/lib/cni/results/cbr0-abc-eth0'))).toBeUndefined();
    expect(box.text(box.path('var/lib/cni/networks/podman/10.88.0.2'))).toBe('x');
    box.remove();
  });

  it.each(['units/kubelet', 'flanneld'])('is not looked for on a host of the live cluster: %s', (mark) => {
    const box = sandbox(shell, moved);
    box.write(box.path('run/flannel/subnet.env'), 'FLANNEL_SUBNET=10.99.4.1/24\n');
    if (mark === 'flanneld') box.write(box.path('proc/77/comm'), 'flanneld\n');
    else box.write(box.own(mark), 'disabled inactive\n');
    expect(box.plan(want)).toBeUndefined();
    box.remove();
  });

  it('has nothing to remove on a fresh host', () => {
    const box = sandbox(shell, moved);
    expect(box.plan(want)).toBeUndefined();
    box.remove();
  });

  it('has scripts that the shell accepts', () => {
    for (const script of [podNetwork.query([want]), read('link cni0\nread\n')?.script ?? '', alignBridge])
      expect(spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
  });
});

describe('the Pod network of an earlier cluster', () => {
  it('is unknown if its reading was cut off', () => {
    expect(podNetwork.read([want], 'link cni0\n')[0]).toMatchObject({ state: 'unknown' });
  });

  it('lists chains and tables', () => {
    expect(read('3 chains of iptables-nft\ntable ip kube-proxy\nread\n')?.reason).toContain(
      '3 chains of iptables-nft, table ip kube-proxy',
    );
  });
});
