import { describe, expect, it } from 'vitest';
import { sharedNode, examples, podLines, readPod, type Pod } from '../../../src/apply/diagnose/pod.ts';
import { crashing, pod } from '../../samples/diagnose.ts';

const read = (...args: Parameters<typeof pod>): Pod => readPod(pod(...args));

describe('a Pod that is not ready', () => {
  it('whose container crashes: node, phase, restarts, and how the last run ended', () => {
    expect(podLines(read('coredns-a', { node: 'w-1', containers: [crashing('coredns')] }))).toEqual([
      'Pod kube-system/coredns-a on w-1: Running, not ready, 5 restarts',
      '  container coredns: waiting, CrashLoopBackOff: back-off 2m40s restarting failed container; last run: exit code 1 (Error)',
    ]);
  });

  it('whose init container fails: the others only wait for it', () => {
    const waiting = { name: 'main', ready: false, state: { waiting: { reason: 'PodInitializing' } } };
    const done = { name: 'first', state: { terminated: { exitCode: 0 } } };
    const broken = {
      name: 'second',
      restartCount: 1,
      state: { terminated: { exitCode: 137, reason: 'OOMKilled', message: 'out\n' } },
    };
    expect(
      podLines(
        read('flannel', {
          node: 'w-1',
          phase: 'Pending',
          containers: [waiting],
          status: { initContainerStatuses: [done, broken] },
        }),
      ),
    ).toEqual([
      'Pod kube-system/flannel on w-1: Pending, not ready, 1 restart',
      '  container second: terminated with exit code 137 (OOMKilled): out',
    ]);
  });

  it('that runs and is not ready, with another container that is', () => {
    const fine = { name: 'fine', ready: true, state: { running: {} } };
    const slow = { name: 'slow', ready: false, state: { running: {} } };
    expect(podLines(read('p', { node: 'n', containers: [fine, slow] }))).toEqual([
      'Pod kube-system/p on n: Running, not ready, 0 restarts',
      '  container slow: running, not ready',
    ]);
  });

  it('that fits no node, that the scheduler has not processed, and that was evicted', () => {
    const unscheduled = [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }];
    expect(podLines(read('p', { phase: 'Pending', status: { conditions: unscheduled } }))).toEqual([
      'Pod kube-system/p not on a node: Pending, not ready, 0 restarts',
      '  not scheduled: 0/2 nodes are available',
    ]);
    expect(podLines(read('p', { phase: 'Pending' }))[1]).toBe(
      '  not scheduled: the scheduler has not processed it yet',
    );
    const evicted = { reason: 'Evicted', message: 'The node was low on resource: memory.' };
    expect(podLines(read('p', { node: 'n', phase: 'Failed', status: evicted }))[1]).toBe(
      '  Evicted: The node was low on resource: memory.',
    );
  });

  it('has the events of its static Pod if it is a mirror Pod', () => {
    expect(read('p').eventUid).toBe('uid-p');
    const annotations = { 'kubernetes.io/config.mirror': 'hash' };
    expect(read('p', { metadata: { annotations } }).eventUid).toBe('hash');
  });

  it('has logs if a container ran, and of the previous run only if there is a later one', () => {
    const statuses = [
      crashing('waits'),
      { ...crashing('runs'), state: { running: {} } },
      { name: 'begins', state: { waiting: { reason: 'ContainerCreating' } } },
    ];
    expect(read('p', { containers: statuses }).failing).toMatchObject([
      { name: 'waits', hasLog: true, hasPreviousLog: false },
      { name: 'runs', hasLog: true, hasPreviousLog: true },
      { name: 'begins', hasLog: false, hasPreviousLog: false },
    ]);
  });
});

describe('several Pods', () => {
  const on = (...nodes: readonly string[]): Pod[] => nodes.map((node, i) => read(`p-${i}`, { node }));

  it.each([
    [['w-1', 'w-1', 'w-1', 'w-2'], '3 of 4 Pods that are not ready are on w-1'],
    [['w-1', 'w-1'], 'both Pods that are not ready are on w-1'],
    [['w-1', 'w-2', 'w-2', 'w-1'], ''],
    [['w-1'], ''],
    [['w-1', '', '', ''], ''],
    [[], ''],
  ])('on %j: %s', (nodes, line) => {
    expect(sharedNode(on(...nodes))).toBe(line);
  });

  it('one of each kind of failure gets the closer look, then one of each node', () => {
    const crash = { containers: [crashing('c')] };
    const oftener = { containers: [crashing('c', 9)] };
    const pods = [
      read('a', { node: 'w-1', ...crash }),
      read('b', { node: 'w-1', ...oftener }),
      read('c', { node: 'w-2', ...oftener }),
      read('d', { node: 'w-1', phase: 'Pending' }),
    ];
    expect(examples(pods, 4).map(({ name }) => name)).toEqual(['a', 'd', 'c']);
    expect(examples(pods, 1).map(({ name }) => name)).toEqual(['a']);
  });
});
