import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runFolder } from '../../src/resource/prelude.ts';
import { serviceRules } from '../../src/resource/service-rules.ts';
import { sandbox, shells } from './sandbox.ts';

const want = { kind: 'service-rules', stage: 'addon' } as const;
const moved = ['/sys/class/net', '/proc/', runFolder];

/** As `iptables-save -c` prints it on a node: kube-proxy's chains, the kubelet's, flannel's, and the host's own. */
const saved = `*nat
:PREROUTING ACCEPT [0:0]
:FLANNEL-POSTRTG - [0:0]
:KUBE-EXT-XPGD46QRK7WJZT7O - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SEP-6E7XQMQ4RAYOWTTM - [0:0]
:KUBE-SERVICES - [0:0]
:MINE - [0:0]
[9:540] -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
[1:60] -A PREROUTING -j MINE
[0:0] -A FLANNEL-POSTRTG -m comment --comment "flanneld masq" -j RETURN
[0:0] -A KUBE-SEP-6E7XQMQ4RAYOWTTM -s 10.244.0.2/32 -j KUBE-MARK-MASQ
[0:0] -A KUBE-SERVICES -d 10.96.0.10/32 -j KUBE-EXT-XPGD46QRK7WJZT7O
[0:0] -A MINE -p tcp -m comment --comment "kubernetes dashboard" -j ACCEPT
COMMIT
*filter
:INPUT ACCEPT [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-NODEPORTS - [0:0]
[5:300] -A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
[5:300] -A INPUT -j KUBE-FIREWALL
[0:0] -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP
COMMIT
*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
`;

const kept = saved
  .split('\n')
  .filter(
    (line) => !/KUBE-(EXT|MARK|PROXY|SEP|SERVICES|NODEPORTS)/.test(line) && !/FLANNEL-POSTRTG -s/.test(line),
  )
  .join('\n');

describe.each(shells)("kube-proxy's rules (%s)", (shell) => {
  /** Programs of iptables that read and write a file of the sandbox, and no nft. */
  function box(text: string): ReturnType<typeof sandbox> {
    const made = sandbox(shell, moved);
    made.write(made.path('rules'), text);
    const program = (name: string, script: string): void => {
      made.write(made.path('bin', name), `#!/bin/sh\n${script}\n`, 0o755);
    };
    program('iptables-nft', 'exit 0');
    program('iptables-nft-save', `cat ${made.path('rules')}`);
    program(
      'iptables-nft-restore',
      `cat > ${made.path('new')} && mv ${made.path('new')} ${made.path('rules')}`,
    );
    program('nft', 'exit 0');
    program('sleep', 'exit 0');
    return made;
  }
  const inPath = (made: ReturnType<typeof sandbox>, script: string): string =>
    `PATH=${made.path('bin')}:$PATH\nmkdir -p ${runFolder}\n${script}`;
  const found = (made: ReturnType<typeof sandbox>): ReturnType<typeof serviceRules.action> => {
    const [seen] = serviceRules.read([want], made.run(inPath(made, serviceRules.query([want]))).output);
    if (seen === undefined || seen.state === 'unknown') throw new Error('unknown');
    return serviceRules.action(want, seen, { disturbed: new Set() });
  };

  it("removes kube-proxy's chains and what leads to them; the kubelet's, flannel's and the host's stay", () => {
    const made = box(saved);
    const action = found(made);
    expect(action?.reason).toMatch(/^spec\.kubeProxy\.enabled is false: 6 chains of iptables-nft/);
    expect(action?.effects).toEqual([]);
    expect(made.run(inPath(made, action?.script ?? ''))).toEqual({ status: 0, output: '' });
    expect(made.text(made.path('rules'))).toBe(kept);
    expect(found(made)).toBeUndefined();
    made.remove();
  });

  it('does not remove them under a kube-proxy that goes on', () => {
    const made = box(saved);
    made.write(made.path('proc/77/comm'), 'kube-proxy\n');
    const action = found(made);
    expect(action?.effects).toEqual([{ component: 'kube-proxy', kind: 'stop' }]);
    expect(made.run(inPath(made, action?.script ?? ''))).toEqual({
      status: 1,
      output: 'kube-proxy still runs on this host, and would write its rules again\n',
    });
    expect(made.text(made.path('rules'))).toBe(saved);
    made.remove();
  });

  it('has nothing to do on a host without them, and scripts that the shell accepts', () => {
    const made = box(kept);
    expect(found(made)).toBeUndefined();
    expect(spawnSync(shell, ['-n'], { input: serviceRules.query([want]), encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    made.remove();
  });
});

it('is unknown if its reading was cut off', () => {
  expect(serviceRules.read([want], 'rules 3 chains of iptables-nft\n')[0]).toMatchObject({
    state: 'unknown',
  });
});
