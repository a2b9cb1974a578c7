import type { ClusterLock } from '../apply/lock/cluster-lock.ts';
import { connectLockHosts, lockCluster } from '../app/cluster-lock.ts';
import { defragment } from '../app/etcd/defrag.ts';
import { hostSnapshots } from '../app/etcd/host-snapshots.ts';
import { askEtcd, memberReports } from '../app/etcd/members.ts';
import { snapshotReports, takeSnapshot } from '../app/etcd/snapshot.ts';
import type { Connections } from '../app/observe/connect.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { acquireLock } from '../store/lock.ts';
import { snapshotFolder } from '../store/snapshots.ts';
import { openState } from '../store/state.ts';
import {
  defragText,
  hostSnapshotsText,
  membersText,
  snapshotsText,
  snapshotText,
} from '../view/etcd-text.ts';
import type { EtcdArgs } from './args.ts';
import { onInterrupt } from './interrupt.ts';
import { readStatus } from './show.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { below, line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Runs one action. Returns the exit status. */
export async function runEtcd(args: EtcdArgs): Promise<ExitStatus> {
  const { action } = args;
  refuseIdleWords(args);
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  switch (action) {
    case 'list':
      return await list(args, workspace);
    case 'members':
      return await members(args, workspace);
    case 'snapshot':
      return await snapshot(args, workspace);
    case 'defrag':
      return await defrag(args, workspace);
    case 'restore':
      return await (await import('./etcd-restore-run.ts')).runRestore(args, workspace);
  }
}

/** Throws E-USAGE for arguments and flags of another action. */
function refuseIdleWords({ action, snapshot: file, force, lost, yes, ...rest }: EtcdArgs): void {
  const given = [
    ...(force && action !== 'defrag' ? ['--force'] : []),
    ...(action === 'restore'
      ? []
      : [
          ...(file === undefined ? [] : [file]),
          ...(rest.key === undefined ? [] : ['--key']),
          ...(rest['from-survivor'] ? ['--from-survivor'] : []),
          ...(lost.length > 0 ? ['--lost'] : []),
          ...(yes ? ['--yes'] : []),
        ]),
  ];
  if (given.length === 0) return;
  throw new KbootError('E-USAGE', `\`kboot etcd ${action}\` does not take ${given.join(', ')}`, {
    remedy: remedies.etcdHelp,
  });
}

async function list(args: EtcdArgs, workspace: Workspace): Promise<ExitStatus> {
  const folder = snapshotFolder(workspace.state);
  const now = new Date();
  const snapshots = await snapshotReports(workspace, now);
  const onHosts = await hostSnapshots(workspace, now, connectOptions(), args.concurrency);
  tellErrors(onHosts.failed.values());
  if (args.output === 'json')
    event({ type: 'etcd-snapshots', folder, snapshots, onHosts: onHosts.snapshots });
  else {
    print(snapshotsText(folder, snapshots));
    if (workspace.cluster.etcd.backup !== undefined)
      print(below(line``, hostSnapshotsText(onHosts.snapshots)));
  }
  return onHosts.failed.size > 0 ? readStatus(onHosts) : exitStatus.done;
}

async function members(args: EtcdArgs, workspace: Workspace): Promise<ExitStatus> {
  const etcd = await askEtcd(workspace, connectOptions(), args.concurrency);
  try {
    const reports = memberReports(etcd);
    const healthy = reports.every((each) => each.healthy);
    tellErrors(etcd.connections.failed.values());
    if (args.output === 'json')
      event({ type: 'etcd-members', cluster: workspace.cluster.name, healthy, members: reports });
    else print(membersText(workspace.cluster.name, reports));
    if (etcd.connections.failed.size > 0) return readStatus(etcd.connections);
    return healthy ? exitStatus.done : exitStatus.stepFailed;
  } finally {
    await etcd.close();
  }
}

async function snapshot(args: EtcdArgs, workspace: Workspace): Promise<ExitStatus> {
  const etcd = await askEtcd(workspace, connectOptions(), args.concurrency);
  try {
    tellErrors(etcd.connections.failed.values());
    const taken = await takeSnapshot(workspace, etcd);
    if (args.output === 'json') event({ type: 'etcd-snapshot', ...taken });
    else print(snapshotText(taken));
    return exitStatus.done;
  } finally {
    await etcd.close();
  }
}

async function defrag(args: EtcdArgs, workspace: Workspace): Promise<ExitStatus> {
  const json = args.output === 'json';
  const title = `kboot etcd defrag ${args.inventory}`;
  const lock = await acquireLock(await openState(workspace.state.dir), title);
  const interrupt = onInterrupt(() => {
    note(line`Interrupted: the member that is being defragmented is finished, no further one begins.`);
  });
  try {
    const etcd = await askEtcd(workspace, connectOptions(), args.concurrency);
    let held: ClusterLock | undefined;
    let planes: Connections | undefined;
    try {
      tellErrors(etcd.connections.failed.values());
      planes = await connectLockHosts(workspace, etcd.connections, connectOptions(), args.concurrency);
      held = await lockCluster(workspace, planes, title, {
        say: (text) => {
          note(line`${text}`);
        },
      });
      await defragment(etcd, args.force, {
        signal: AbortSignal.any([interrupt.signal, lock.lost, held.lost]),
        starts: (member) => {
          note(line`${member}: defragmenting`);
        },
        ends: (result) => {
          if (json) event({ type: 'etcd-defragmented', ...result });
          else print(defragText(result));
        },
        disarmed: (member) => {
          if (json) event({ type: 'etcd-disarmed', member, alarm: 'NOSPACE' });
          else print(line`${member}: alarm NOSPACE disarmed`);
        },
      });
      return exitStatus.done;
    } finally {
      await held?.release(true);
      await planes?.close();
      await etcd.close();
    }
  } finally {
    interrupt.stop();
    await lock.release();
  }
}
