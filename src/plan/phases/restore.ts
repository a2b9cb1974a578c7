import {
  doneScript,
  formerPlace,
  prepareScript,
  snapshotPlace,
  startKubelet,
  startService,
  stopControlPlane,
  stopService,
  swapScript,
  type RestoreMark,
} from '../../desire/restore.ts';
import type { Host } from '../../model/cluster.ts';
import { plural } from '../../model/plural.ts';
import type { Effect, StaticPodComponent } from '../../model/component.ts';
import type { Restoration, RestoreHost } from '../restore/decide.ts';
import { conditionText } from '../target.ts';
import type { Condition, EtcdStep, Gate, Phase, ShellStep, Task } from '../types.ts';
import { after, existing, phase, together } from './build.ts';

/** What the steps need besides the decision. */
export interface RestoreWork extends Restoration {
  /** Where hosts keep their record of the restore. */
  readonly recordFile: string;
  /** Puts etcdutl on hosts that lack it. */
  readonly tools: ReadonlyMap<string, ShellStep>;
}

/**
 * Restore: the survivor's data come into the state folder; every host makes its new data from the snapshot, beside the
 * present data; the control plane and etcd stop everywhere; the new data take the place of the former everywhere;
 * everything starts. Nothing is stopped before all of the new data are there.
 */
export function restorePhases(work: RestoreWork): readonly Phase[] {
  const { hosts } = work;
  const unprepared = hosts.filter(({ state }) => state === 'new');
  const unrestored = hosts.filter(({ state }) => state !== 'restored');

  const snapshot = phase('snapshot', 'etcd', 'snapshot', [], [together('cluster', survivorSteps(work))]);
  const prepare = phase('prepare', 'etcd', 'prepare', after('all', snapshot), [
    { tasks: unprepared.map((each) => prepareTask(work, each)), gates: [] },
  ]);
  const stop = phase('stop', 'etcd', 'stop', after('all', snapshot, prepare), [
    { tasks: unrestored.length === 0 ? [] : stopTasks(work), gates: [] },
  ]);
  const restore = phase('restore', 'etcd', 'restore', after('all', snapshot, prepare, stop), [
    { tasks: unrestored.map((each) => swapTask(work, each)), gates: [] },
  ]);
  const restored = after('all', snapshot, prepare, stop, restore);
  const start = phase('start', 'control-plane', 'start', restored, startBatches(work));
  const record = phase(
    'record',
    'control-plane',
    'record',
    [...restored, ...after('all', start)],
    [{ tasks: hosts.map((each) => doneTask(work, each)), gates: [] }],
  );
  return existing(snapshot, prepare, stop, restore, start, record);
}

function survivorSteps({ survivor }: RestoreWork): EtcdStep[] {
  if (survivor === undefined) return [];
  return [
    {
      type: 'etcd',
      id: 'etcd: snapshot of the survivor',
      verb: 'create',
      target: { kind: 'snapshot', name: 'etcd' },
      reason: `into the state folder, from ${survivor.name}: revision ${survivor.revision}, raft term ${survivor.raftTerm}, index ${survivor.raftIndex}`,
      effects: [],
      operation: { kind: 'snapshot', from: survivor.name },
      timeoutSeconds: 600,
    },
  ];
}

function prepareTask(work: RestoreWork, { host, tool }: RestoreHost): Task {
  const { source, members, dataDir, id } = work;
  const install = work.tools.get(host.name);
  return {
    on: { host: host.name },
    steps: [
      ...(install === undefined ? [] : [install]),
      shell(host, 'prepare', {
        verb: 'create',
        target: { kind: 'snapshot', name: 'etcd' },
        reason: `${source.kind === 'snapshot' ? source.file : "the survivor's"} becomes the data of a cluster of ${plural(members.length, 'member')}, in ${dataDir}/restore/${id}`,
        script: prepareScript(mark(work), members, host.name, tool ?? 'etcdutl'),
        payload: {
          path: snapshotPlace(work),
          content: {
            kind: 'snapshot',
            file: source.kind === 'snapshot' ? source.file : null,
            digest: source.kind === 'snapshot' ? source.digest : null,
          },
        },
        timeoutSeconds: 900,
      }),
    ],
  };
}

const plane: readonly StaticPodComponent[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

function effectsOn(kind: Effect['kind'], stacked: boolean): Effect[] {
  return (['kubelet', ...plane, ...(stacked ? (['etcd'] as const) : [])] as const).map((component) => ({
    component,
    kind,
  }));
}

function stopTasks(work: RestoreWork): Task[] {
  const stacked = work.services.length === 0;
  const planes = work.planes.map((host) =>
    one(
      host,
      shell(host, 'stop', {
        verb: 'delete',
        target: { kind: 'unit', name: 'kubelet' },
        reason: `stopped, then ${[...plane, ...(stacked ? ['etcd'] : [])].join(', ')}; other Pods go on`,
        effects: effectsOn('stop', stacked),
        script: stopControlPlane(),
        timeoutSeconds: 180,
      }),
    ),
  );
  const services = work.services.map((host) =>
    one(
      host,
      shell(host, 'stop', {
        verb: 'delete',
        target: { kind: 'unit', name: 'etcd' },
        reason: 'stopped',
        effects: [{ component: 'etcd', kind: 'stop' }],
        script: stopService,
        timeoutSeconds: 180,
      }),
    ),
  );
  return [...planes, ...services];
}

function swapTask(work: RestoreWork, { host, hasData, service }: RestoreHost): Task {
  const { dataDir } = work;
  const kept = hasData ? `; the former data go to ${formerPlace(work)}` : '';
  return one(
    host,
    shell(host, 'restore', {
      verb: 'update',
      target: { kind: 'etcd-member', name: host.name },
      reason: `the new data become ${dataDir}/member${kept}`,
      script: swapScript(mark(work), service),
      timeoutSeconds: 120,
    }),
  );
}

/** Services first: an API server ends if it has no etcd for long. */
function startBatches(work: RestoreWork): Phase['batches'] {
  const { services, planes, hosts, apiHosts } = work;
  const members = hosts
    .filter(({ installed }) => installed)
    .map(({ host }) => gate({ kind: 'etcd-member', host: host.name }));
  const serving = [
    ...apiHosts.map(({ name }) => gate({ kind: 'api', host: name })),
    ...(apiHosts.length === 0
      ? []
      : (['kube-controller-manager', 'kube-scheduler'] as const).map((lease) =>
          gate({ kind: 'leader', lease }),
        )),
  ];
  const kubelets = planes.map((host) =>
    one(
      host,
      shell(host, 'start', {
        verb: 'create',
        target: { kind: 'unit', name: 'kubelet' },
        reason: 'started; it starts the static Pods',
        effects: effectsOn('start', services.length === 0),
        script: startKubelet,
        timeoutSeconds: 60,
      }),
    ),
  );
  const units = services.map((host) =>
    one(
      host,
      shell(host, 'start', {
        verb: 'create',
        target: { kind: 'unit', name: 'etcd' },
        reason: 'started',
        effects: [{ component: 'etcd', kind: 'start' }],
        script: startService,
        timeoutSeconds: 60,
      }),
    ),
  );
  return services.length === 0
    ? [
        { tasks: kubelets, gates: members },
        { tasks: [], gates: serving },
      ]
    : [
        { tasks: units, gates: members },
        { tasks: kubelets, gates: serving },
      ];
}

function doneTask(work: RestoreWork, { host }: RestoreHost): Task {
  return one(
    host,
    shell(host, 'done', {
      verb: 'delete',
      target: { kind: 'leftover', name: 'restore' },
      reason: `${work.dataDir}/restore: the restore is complete`,
      script: doneScript(mark(work)),
      timeoutSeconds: 60,
    }),
  );
}

const mark = ({ dataDir, id, recordFile, sourceName, bump }: RestoreWork): RestoreMark => ({
  ...{ dataDir, id, recordFile, bump },
  source: sourceName,
});

function shell(
  { name }: Host,
  what: string,
  parts: Omit<ShellStep, 'type' | 'id' | 'effects'> & Partial<Pick<ShellStep, 'effects'>>,
): ShellStep {
  return { type: 'shell', id: `${name}: ${what} etcd`, effects: [], ...parts };
}

const one = ({ name }: Host, step: ShellStep): Task => ({ on: { host: name }, steps: [step] });

function gate(condition: Condition): Gate {
  return {
    type: 'wait',
    id: `restore: waits for ${conditionText(condition)}`,
    condition,
    timeoutSeconds: 300,
  };
}
