import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { etcdCredentials } from '../../src/app/credentials.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import type { Desire } from '../../src/desire/context.ts';
import { encryptionText } from '../../src/desire/text/encryption.ts';
import { finalConfig } from '../../src/model/encryption.ts';
import { verifiesKubelets } from '../../src/model/kubelet-serving.ts';
import { hostsWith, type Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { generateCaKey, generateRsaKey } from '../../src/pki/keys.ts';
import { desiredOn } from '../../src/plan/desired.ts';
import { planMembership } from '../../src/plan/etcd/membership.ts';
import type { PlanScope } from '../../src/plan/scope.ts';
import { saveEncryptionKeys } from '../../src/store/encryption-keys.ts';
import { loadOrCreatePki } from '../../src/store/pki.ts';
import { defaultStateDir, openState } from '../../src/store/state.ts';
import { inventoryOf } from '../bench/inventory.ts';
import { startEtcd, type GatewayMember } from '../etcd/fake-etcd.ts';
import { startFleetApi, type FleetApi } from './api.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { fleetInventory } from './inventory.ts';

/** Hosts, and the etcd and API that run on their control planes. */
export interface FleetCluster extends Omit<Fleet, 'stop'> {
  readonly api: FleetApi;
  /** The cluster runs: every host is what it is to be. */
  fill(): void;
  /** There is no cluster: every host is fresh. */
  empty(): void;
  /** These hosts are what they are to be, with their Nodes; or they are fresh, and the API does not know them. */
  setInstalled(names: readonly string[], isInstalled: boolean): void;
  /** These hosts do not answer any more, neither kboot nor the API; or they do again. */
  setDead(names: readonly string[], isDead: boolean): void;
  stop(): Promise<void>;
}

/**
 * A fleet of `count` hosts, `controlPlanes` of them control planes, its inventory in `file`, and beside that a state folder with everything issued.
 * One key for all certificates: two thousand RSA keys take minutes. All hosts are fresh.
 */
export async function fleetOf(count: number, file: string, controlPlanes?: number): Promise<FleetCluster> {
  mkdirSync(join(dirname(file), 'plain'), { recursive: true });
  const plain = join(dirname(file), 'plain', 'inventory.yaml');
  const hosts = inventoryOf(count, controlPlanes);
  writeFileSync(plain, hosts);
  const fleet = await startFleet((await readInventory(plain)).cluster.hosts.map(({ name }) => name));
  writeFileSync(file, fleetInventory(hosts, fleet));
  const desire = await issued(file);
  const api = await startFleetApi(desire);
  const etcd = await startFleetEtcd(desire);
  const { cluster, pki } = desire;
  const planes = hostsWith(cluster, 'control-plane');
  const verifying = new Map(planes.map(({ name }) => [name, verifiesKubelets(cluster)]));
  const full = { ...desire, membership: foundingMembership(desire), verifying };
  const byName = new Map(cluster.hosts.map((host) => [host.name, host]));
  const hostOf = (name: string): Host => {
    const host = byName.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  };
  fleet.serve({
    host: hostOf,
    isServing: () => planes.some(({ name }) => fleet.hosts.get(name)?.installed === true),
    clusterId: pki.clusterId() ?? '',
    caPem: pki.signer('ca').cert,
    encryption: encryptionText(finalConfig(cluster), desire.encryptionKeys ?? new Map()),
    resources: memo((host) => desiredOn(full, scope, host, assumedFacts)),
    kubeletPem: ({ name }) => pki.certificate('kubelet', name).cert,
    installed: (host) => {
      api.join(host);
      const { readyAfterMs } = fleet.hosts.get(host.name) ?? { readyAfterMs: 0 };
      if (readyAfterMs === 0) return;
      api.setReady(host, false);
      setTimeout(() => {
        api.setReady(host, true);
      }, readyAfterMs).unref();
    },
    listener: ({ installed, name }, port) =>
      port === 6443 && installed
        ? api.port
        : installed && hostOf(name).roles.includes('control-plane') && (port === 2379 || port === 2380)
          ? etcd.port
          : undefined,
  });
  const setInstalled = (names: readonly string[], isInstalled: boolean): void => {
    for (const name of names) {
      Object.assign(fleet.hosts.get(name) ?? {}, { installed: isInstalled });
      fleet.hosts.get(name)?.received.clear();
      if (isInstalled) api.join(hostOf(name));
      else api.leave(hostOf(name));
    }
  };
  return {
    ...fleet,
    api,
    setInstalled,
    setDead(names, isDead) {
      for (const name of names) {
        Object.assign(fleet.hosts.get(name) ?? {}, { dead: isDead });
        api.setReady(hostOf(name), !isDead);
      }
    },
    fill() {
      api.fill();
      setInstalled([...fleet.hosts.keys()], true);
    },
    empty() {
      setInstalled([...fleet.hosts.keys()], false);
      api.empty();
    },
    forget() {
      fleet.forget();
      api.forget();
    },
    async stop() {
      fleet.stop();
      await Promise.all([api.close(), etcd.close()]);
    },
  };
}

const scope: PlanScope = { until: 'addon', limit: [], ignore: [] };

/** The desired state of an inventory, with everything issued into its state folder. */
async function issued(inventory: string): Promise<Desire> {
  const { cluster } = await readInventory(inventory);
  const state = await openState(defaultStateDir(inventory, cluster.name));
  const [leaf, ca] = await Promise.all([generateRsaKey(), generateCaKey('ECDSA-P256')]);
  await loadOrCreatePki(state, cluster, {
    ...{ now: new Date(), randomBytes },
    generateKey: ({ kind }) => Promise.resolve(kind === 'leaf' ? leaf : ca),
  });
  await saveEncryptionKeys(state, cluster, new Map());
  return (await openWorkspace({ inventory })).desire;
}

/** As in the run that created the cluster. */
function foundingMembership(desire: Desire): ReturnType<typeof planMembership> {
  const hosts = hostsWith(desire.cluster, 'control-plane').map(({ name, address }) => ({
    ...{ name, address, peerURL: `https://${address}:2380` },
    ...{ data: 'absent' as const, startedWith: undefined },
  }));
  return planMembership(hosts, { state: 'absent' });
}

async function startFleetEtcd(desire: Desire): Promise<Awaited<ReturnType<typeof startEtcd>>> {
  const { pki } = desire;
  const hosts = hostsWith(desire.cluster, 'control-plane');
  const members = hosts.map(({ name, address }, index): GatewayMember => ({
    ...{ ID: String(101 + index), name },
    ...{ peerURLs: [`https://${address}:2380`], clientURLs: [`https://${address}:2379`] },
  }));
  const servers = new Map(hosts.map(({ name }) => [name, pki.certificate('etcd-server', name)]));
  const etcd = await startEtcd({ servers, credentials: etcdCredentials(pki, hosts[0]?.name ?? '') }, members);
  // All that it holds is encrypted as the inventory says.
  etcd.answer = ({ path, body }) => {
    if (path === '/v3/kv/txn') return { status: 200, body: { succeeded: true } };
    const { count_only: counts } = (body ?? {}) as { readonly count_only?: boolean };
    return counts === true
      ? { status: 200, body: { header: { cluster_id: '1' }, count: '1000' } }
      : undefined;
  };
  return etcd;
}

function memo<T>(make: (host: Host) => T): (host: Host) => T {
  const known = new Map<string, T>();
  return (host) => {
    const found = known.get(host.name) ?? make(host);
    known.set(host.name, found);
    return found;
  };
}
