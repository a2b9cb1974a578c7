import { join, resolve } from 'node:path';
import type { Cluster, Connection } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { mayRunCommands } from './consent.ts';
import { openState } from '../store/state.ts';
import { askVagrant, machineIdentity } from '../store/vagrant.ts';
import type { ClusterPlace } from './observe/connect.ts';
import { remedies } from './remedies.ts';

type Ways = ReadonlyMap<string, Connection | KbootError>;

/** Vagrant's answers per cluster in this run. */
const answers = new WeakMap<Cluster, Promise<Ways>>();

/**
 * How to reach each Vagrant machine of a cluster, or why it cannot be reached. Runs Vagrant, if it may, once per run and
 * folder.
 * Vagrant checks no host keys. kboot saves the first key that a machine presents in the state folder, and requires that
 * key until Vagrant recreates the machine. Throws E-VAGRANT if Vagrant itself fails, E-STATE.
 */
export function waysToMachines(workspace: ClusterPlace): Promise<Ways> {
  const known = answers.get(workspace.cluster) ?? askForAll(workspace);
  answers.set(workspace.cluster, known);
  return known;
}

async function askForAll({ cluster, inventoryFile, state }: ClusterPlace): Promise<Ways> {
  const machines = cluster.hosts.flatMap(({ name, connection }) =>
    connection.kind === 'vagrant' ? [{ name, dir: connection.vagrantDir }] : [],
  );
  if (!(await mayRunCommands(inventoryFile, cluster)))
    return new Map(machines.map(({ name, dir }) => [name, notRun(name, dir)]));
  const { dir: stateDir } = await openState(state.dir);
  const file = join(stateDir, 'vagrant_known_hosts');
  const ways = new Map<string, Connection | KbootError>();
  for (const dir of new Set(machines.map((machine) => machine.dir))) {
    const names = machines.flatMap((machine) => (machine.dir === dir ? [machine.name] : []));
    for (const [name, said] of await askVagrant(dir, resolve(inventoryFile), names)) {
      if (said instanceof KbootError) {
        ways.set(name, said);
        continue;
      }
      const { address, port, user, identityFiles } = said;
      const identity = await machineIdentity(dir, name);
      ways.set(name, {
        ...{ kind: 'ssh', address, port, user, onlyIdentities: identityFiles },
        firstUse: { file, name: identity === '' ? name : `${name}@${identity}` },
      });
    }
  }
  return ways;
}

function notRun(host: string, dir: string): KbootError {
  return new KbootError('E-CONSENT', `Vagrant was not run in ${dir}: a Vagrantfile is a program`, {
    host,
    remedy: remedies.trustVagrant,
  });
}
