import type { ApplyEvent } from '../../../src/apply/events.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import type { Plan } from '../../../src/plan/types.ts';
import { parseInventory } from '../../../src/inventory/parse.ts';
import type { PageInput } from '../../../src/view/html/input.ts';
import { optionsFor } from '../../inventory/options.ts';
import { configMap, hostStep, objectStep, plan, planHost, waitStep } from '../../plan/sample.ts';

const text = (content: string): { path: string; content: { kind: 'text'; text: string } } => ({
  path: '/tmp/x',
  content: { kind: 'text', text: content },
});

/** A plan for a control plane and two workers with a step of every type; `spoil` goes over every name and text. */
export function samplePlan(spoil: (word: string) => string = (word) => word): Plan {
  const [cp, one, two] = [spoil('cp-1'), spoil('w-1'), spoil('w-2')];
  const file = `file ${spoil('/etc/crictl.yaml')}`;
  const diff = ['--- a', '+++ a', '@@ -1 +1 @@', spoil('-old'), spoil('+new'), spoil(' same')].join('\n');
  const secret = { kind: 'secret' as const, name: spoil('kubelet.pem'), digest: spoil('5f3c') };
  return plan({
    cluster: spoil('prod'),
    endpoint: spoil('https://10.0.0.11:6443'),
    kubernetesVersion: spoil('v1.36.2'),
    issue: [spoil('ca.crt'), spoil('ca.key')],
    hosts: [planHost(cp, 'control-plane'), planHost(one, 'worker'), planHost(two, 'worker')],
    warnings: [spoil('the clock differs')],
    membership: [
      {
        type: 'etcd',
        id: 'm',
        stage: 'etcd',
        host: cp,
        verb: 'delete',
        resource: `member ${spoil('cp-9')}`,
        reason: spoil('left the inventory'),
        operation: { kind: 'remove', memberId: spoil('8e9e') },
        timeoutSeconds: 60,
      },
    ],
    roll: [
      {
        host: cp,
        from: 'etcd',
        waits: [
          waitStep({ kind: 'etcd-member', host: cp }, { id: 'turn', resource: `etcd ${cp}`, stage: 'etcd' }),
        ],
      },
    ],
    hostSteps: [
      ...[cp, one, two].map((host) =>
        hostStep(host, file, { verb: 'update', reason: spoil('4 lines'), diff }),
      ),
      ...[one, two].map((host) =>
        hostStep(host, `client-certificate ${host}:node`, {
          stage: 'node',
          reason: spoil('none yet'),
          script: spoil(`kb_install ${host}`),
          payload: { path: '/tmp/x', content: secret },
        }),
      ),
      ...[one, two].map((host) =>
        hostStep(host, 'file /etc/kubernetes/kubelet.conf', {
          stage: 'node',
          payload: text(`kind: Config\nuser: ${host}\n${spoil('end')}\n`),
        }),
      ),
    ],
    clusterSteps: [
      objectStep(configMap(spoil('coredns'), { Corefile: spoil('.:53 {}') })),
      waitStep({ kind: 'node-ready', node: one }, { stage: 'node', resource: `Node ${one} Ready` }),
      waitStep({ kind: 'node-ready', node: two }, { stage: 'node', resource: `Node ${two} Ready` }),
      {
        type: 'node',
        id: 'n',
        stage: 'node',
        verb: 'update',
        resource: `Node ${one}`,
        reason: spoil('zone=a'),
        node: one,
        annotations: {},
        labels: { zone: spoil('a') },
        taints: [],
      },
      {
        type: 'remove-node',
        id: 'r',
        stage: 'node',
        verb: 'delete',
        resource: `Node ${spoil('w-9')}`,
        reason: '',
        node: spoil('w-9'),
      },
    ],
  });
}

/** A run of it in which the second worker failed at its file. */
export function sampleRun(
  of: Plan,
  spoil: (word: string) => string = (word) => word,
): NonNullable<PageInput['run']> {
  const [cp, one, two] = of.hosts.map(({ name }) => name) as [string, string, string];
  const [onCp, onOne, onTwo] = of.hostSteps as [
    Plan['hostSteps'][0],
    Plan['hostSteps'][0],
    Plan['hostSteps'][0],
  ];
  const detail = `${spoil('tar: No space left')}\n${spoil('tar: exiting')}`;
  const begin = [cp, one, two].map((host): ApplyEvent => ({
    at: 100,
    type: 'stage',
    host,
    stage: 'host',
    steps: 1,
  }));
  const events: ApplyEvent[] = [
    { at: 90, type: 'issued', count: 2 },
    ...begin,
    { at: 100, type: 'start', step: onCp },
    { at: 100, type: 'start', step: onTwo },
    { at: 300, type: 'done', step: onCp, seconds: 0.2 },
    { at: 300, type: 'stage-done', host: cp, stage: 'host', seconds: 0.2 },
    { at: 400, type: 'failed', step: onTwo, message: spoil('ended with status 2'), detail },
    { at: 500, type: 'start', step: onOne },
  ];
  const error = new KbootError('E-STEP', spoil('ended with status 2'), {
    host: two,
    step: onTwo.resource,
    detail,
    remedy: spoil('Mend it.'),
  });
  return { events, failures: [{ host: two, error }], held: [], interrupted: false, seconds: 0.6 };
}

/** Everything that a page can be made from. */
export function sampleInput(more: Partial<PageInput> = {}): PageInput {
  return {
    plan: samplePlan(),
    command: 'kboot up prod.yaml',
    kboot: '0.1.0',
    at: new Date('2026-11-20T13:15:00Z'),
    ...more,
  };
}

/** The cluster of an inventory text. Throws where it has problems. */
export function clusterOf(inventory: string): Cluster {
  const { cluster, diagnostics } = parseInventory(inventory, optionsFor('sample.yaml'));
  if (cluster === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return cluster;
}
