import type { ApplyEvent } from '../../src/apply/events.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { KbootError } from '../../src/model/error.ts';
import { stepsOf } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Dependency, NodeStep, Plan, ShellStep, Step } from '../../src/plan/types.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import type { PageInput } from '../../src/view/html/input.ts';
import { optionsFor } from './inventory-options.ts';
import { applyStep, configMap, gate, phaseOf, plan, planHost, shellStep } from './plan.ts';

const text = (content: string): { path: string; content: { kind: 'text'; text: string } } => ({
  path: '/tmp/x',
  content: { kind: 'text', text: content },
});

/** A plan for a control plane and two workers with a step of every type; `spoil` is applied to every name and text. */
export function samplePlan(spoil: (word: string) => string = (word) => word): Plan {
  const [cp, one, two] = [spoil('cp-1'), spoil('w-1'), spoil('w-2')];
  const file = { kind: 'file', name: spoil('/etc/crictl.yaml') } as const;
  const diff = ['--- a', '+++ a', '@@ -1 +1 @@', spoil('-old'), spoil('+new'), spoil(' same')].join('\n');
  const secret = { kind: 'secret' as const, name: spoil('kubelet.pem'), digest: spoil('5f3c') };
  const base = { reason: '', effects: [], timeoutSeconds: 60 } as const;
  const member = { ...base, type: 'etcd', target: { kind: 'etcd-member', name: cp } } as const;
  const hook: Step = {
    ...base,
    type: 'hook',
    id: 'hook',
    verb: 'run',
    target: { kind: 'hook', name: spoil('backup') },
    command: spoil('pg_dump'),
  };
  const issue: Step = {
    ...base,
    type: 'issue',
    id: 'issue',
    verb: 'create',
    target: { kind: 'certificates', name: 'state folder' },
    reason: spoil('never shown'),
    certificates: [spoil('ca.crt'), spoil('ca.key')],
  };
  const removal: Step = {
    ...member,
    id: 'removal',
    verb: 'delete',
    target: { kind: 'etcd-member', name: spoil('cp-9') },
    reason: spoil('left the inventory'),
    operation: { kind: 'remove', memberId: spoil('8e9e') },
  };
  const peerURL = spoil('https://10.0.0.11:2380');
  const announce: Step = {
    ...member,
    id: 'announce',
    verb: 'create',
    reason: spoil('announced'),
    operation: { kind: 'add-learner', peerURL },
  };
  const withdraw: Step = {
    ...member,
    id: 'withdraw',
    verb: 'delete',
    reason: spoil('withdrawn'),
    operation: { kind: 'withdraw', peerURL },
  };
  const node = (name: string, rest: Pick<NodeStep, 'verb' | 'reason' | 'operation'>): NodeStep => ({
    ...base,
    type: 'node',
    id: `Node ${name}`,
    target: { kind: 'node', name },
    node: name,
    ...rest,
  });
  const prune: Step = {
    ...base,
    type: 'delete',
    id: 'prune',
    verb: 'delete',
    target: { kind: 'object', ref: configMap(spoil('pool')) },
    object: configMap(spoil('pool')),
  };
  const labels = { zone: spoil('a') };
  const after = (phase: string, need: Dependency['need'] = 'all'): Dependency => ({ phase, need });
  return plan({
    cluster: spoil('prod'),
    endpoint: spoil('https://10.0.0.11:6443'),
    kubernetesVersion: spoil('v1.36.2'),
    hosts: [planHost(cp, 'control-plane'), planHost(one, 'worker'), planHost(two, 'worker')],
    warnings: [spoil('the clock differs')],
    phases: [
      phaseOf('hooks', [['operator', [hook]]]),
      phaseOf('certificates', [['operator', [issue]]], { after: [after('hooks')] }),
      phaseOf('membership', [['cluster', [removal]]], { stage: 'etcd', after: [after('certificates')] }),
      phaseOf(
        'host',
        [cp, one, two].map((host) => [
          { host },
          [shellStep(host, 'crictl.yaml', { target: file, verb: 'update', reason: spoil('4 lines'), diff })],
        ]),
        { after: [after('membership')] },
      ),
      phaseOf(
        'node',
        [one, two].map((host) => [
          { host },
          [
            shellStep(host, 'certificate', {
              target: { kind: 'client-certificate', name: `${host}:node` },
              reason: spoil('none yet'),
              script: spoil(`kb_install ${host}`),
              payload: { path: '/tmp/x', content: secret },
            }),
            shellStep(host, '/etc/kubernetes/kubelet.conf', {
              payload: text(`kind: Config\nuser: ${host}\n${spoil('end')}\n`),
            }),
          ],
        ]),
        { stage: 'node', after: [after('membership')] },
      ),
      {
        id: 'rollout',
        stage: 'etcd',
        title: spoil('one by one'),
        after: [after('membership')],
        batches: [
          {
            tasks: [{ on: { host: cp }, steps: [announce], rollback: [withdraw] }],
            gates: [gate({ kind: 'etcd-member', host: cp }, { id: 'turn' })],
          },
        ],
      },
      phaseOf(
        'api',
        [['cluster', [applyStep(configMap(spoil('coredns'), { Corefile: spoil('.:53 {}') }))]]],
        {
          stage: 'control-plane',
          after: [after('rollout', 'any')],
        },
      ),
      phaseOf(
        'nodes',
        [
          ['cluster', [node(spoil('w-9'), { verb: 'delete', reason: '', operation: { kind: 'delete' } })]],
          [
            'cluster',
            [
              node(one, {
                verb: 'update',
                reason: spoil('zone=a'),
                operation: { kind: 'mark', annotations: {}, labels, taints: [] },
              }),
            ],
          ],
          ['cluster', [prune]],
        ],
        {
          stage: 'node',
          after: [after('api'), after('node', 'ended')],
          gates: [one, two].map((name) => gate({ kind: 'node-ready', node: name })),
        },
      ),
    ],
  });
}

/** The steps of the sample's phase `host`: one each on the control plane and on both workers. */
export function hostFiles(of: Plan): readonly [ShellStep, ShellStep, ShellStep] {
  const phases = of.phases.filter(({ id }) => id === 'host');
  const files = stepsOf({ phases }).flatMap((step) => (step.type === 'shell' ? [step] : []));
  return files as unknown as readonly [ShellStep, ShellStep, ShellStep];
}

/** A run of it in which the second worker failed at its file. */
export function sampleRun(
  of: Plan,
  spoil: (word: string) => string = (word) => word,
): NonNullable<PageInput['run']> {
  const [cp, one, two] = of.hosts.map(({ name }) => name) as [string, string, string];
  const [onCp, onOne, onTwo] = hostFiles(of);
  const detail = `${spoil('tar: No space left')}\n${spoil('tar: exiting')}`;
  const begin = [cp, one, two].map((host): ApplyEvent => ({
    at: 100,
    type: 'task',
    phase: 'host',
    host,
    steps: 1,
  }));
  const issue = stepsOf(of).find(({ type }) => type === 'issue');
  if (issue === undefined) throw new Error('no step issues certificates');
  const events: ApplyEvent[] = [
    { at: 80, type: 'start', step: issue },
    { at: 90, type: 'done', step: issue, seconds: 0.01 },
    ...begin,
    { at: 100, type: 'start', step: onCp },
    { at: 100, type: 'start', step: onTwo },
    { at: 300, type: 'done', step: onCp, seconds: 0.2 },
    { at: 300, type: 'task-done', phase: 'host', host: cp, seconds: 0.2 },
    { at: 400, type: 'failed', step: onTwo, message: spoil('ended with status 2'), detail },
    { at: 500, type: 'start', step: onOne },
  ];
  const error = new KbootError('E-STEP', spoil('ended with status 2'), {
    host: two,
    step: targetText(onTwo.target),
    stepId: onTwo.id,
    detail,
    remedy: { en: spoil('Fix it.'), zh: spoil('解决它。') },
  });
  return {
    events,
    failures: [{ host: two, stepId: onTwo.id, error }],
    held: [],
    interrupted: false,
    seconds: 0.6,
  };
}

/** An input with every optional part of a page. */
export function sampleInput(more: Partial<PageInput> = {}): PageInput {
  return {
    plan: samplePlan(),
    command: 'kboot up prod.yaml',
    kboot: '0.1.0',
    at: new Date('2026-11-20T13:15:00Z'),
    ...more,
  };
}

/** The cluster of an inventory text. Throws if it has problems. */
export function clusterOf(inventory: string): Cluster {
  const { cluster, diagnostics } = parseInventory(inventory, optionsFor('sample.yaml'));
  if (cluster === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return cluster;
}
