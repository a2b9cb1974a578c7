import { expect, it } from 'vitest';
import { waitRemedy } from '../../../src/apply/diagnose/index.ts';

const deployment = {
  kind: 'workload-ready',
  workload: 'Deployment',
  namespace: 'kube-system',
  name: 'coredns',
} as const;

it('refers to the cause above only if one is shown', () => {
  expect(waitRemedy(deployment, 'both Pods that are not ready are on w-1').en).toBe(
    'Fix the cause shown above, then run the same command again. To see more, run `kubectl -n kube-system describe deployment coredns`.',
  );
  expect(waitRemedy(deployment, ' \n').en).toBe(
    'To find the cause, run `kubectl -n kube-system describe deployment coredns`. Fix it, then run the same command again.',
  );
});

it.each([
  [{ kind: 'etcd-member', host: 'cp-1' }, 'journalctl -u etcd` on cp-1'],
  [{ kind: 'api' }, 'kube-apiserver-*.log on the control planes'],
  [{ kind: 'api', host: 'cp-1' }, 'kube-apiserver-*.log on cp-1'],
  [{ kind: 'load-balancer', host: 'cp-1', address: '10.0.0.1', port: 8443 }, 'journalctl -u haproxy'],
  [{ kind: 'endpoint', address: 'fd00::1', port: 443 }, 'https://[fd00::1]:443/readyz'],
  [{ kind: 'kubelet', host: 'w-1', port: 10248 }, 'journalctl -u kubelet` on w-1'],
  [{ kind: 'pod-ready', host: 'cp-1', namespace: 'n', name: 'p' }, 'kubectl -n n describe pod p'],
  [{ kind: 'node-registered', node: 'w-1' }, 'journalctl -u kubelet` on w-1'],
  [{ kind: 'node-ready', node: 'w-1' }, 'kubectl describe node w-1'],
] as const)('%j names a command: %s', (condition, command) => {
  expect(waitRemedy(condition, '').en).toContain(command);
});
