import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import type { ApplyContext } from '../apply/context.ts';
import type { ApplyEvent } from '../apply/events.ts';
import type { Materials } from '../apply/payload.ts';
import { applyPlan, type ApplyResult } from '../apply/run.ts';
import { encryptionBytes } from '../desire/encryption.ts';
import { secretBytes } from '../desire/secrets.ts';
import { etcdHosts, hostsWith } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { stepsOf } from '../plan/steps.ts';
import type { Plan } from '../plan/types.ts';
import { trustBundle } from '../pki/types.ts';
import { verifyBundle } from '../store/bundle.ts';
import { saveEncryptionKeys } from '../store/encryption-keys.ts';
import { loadOrCreatePki } from '../store/pki.ts';
import { holdRotation } from '../store/rotation.ts';
import { keepSnapshot } from '../store/snapshots.ts';
import type { Connections } from './observe/connect.ts';
import { readStored } from './observe/encryption.ts';
import { addressed } from './api-connection.ts';
import { apiCredentials, etcdCredentials } from './credentials.ts';
import { runOperatorHook } from './operator-hooks.ts';
import { usedPki, type Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';

/** Throws KbootError E-BUNDLE if the plan takes files from the bundle and one of its files does not match its index. */
export async function verifySources({ desire }: Workspace, plan: Plan): Promise<void> {
  const fromBundle = stepsOf(plan).some(
    (step) =>
      step.type === 'shell' &&
      step.payload?.content.kind === 'artifact' &&
      step.payload.content.artifact.source.kind === 'bundle',
  );
  if (fromBundle && desire.bundle !== undefined) await verifyBundle(desire.bundle);
}

/**
 * Applies a plan over the connections it was made with. The caller holds the locks; `lockToken` is that of the cluster's.
 * What the plan takes from the bundle was verified.
 */
export async function carryOut(
  workspace: Workspace,
  plan: Plan,
  connections: Connections,
  onEvent: (event: ApplyEvent) => void,
  signal: AbortSignal,
  {
    lockToken,
    maxFailures,
    concurrency,
  }: Pick<ApplyContext, 'lockToken' | 'maxFailures' | 'concurrency'> = {},
): Promise<ApplyResult> {
  const { cluster, desire, state } = workspace;
  const begun = Date.now();
  let issued: Promise<Materials> | undefined;
  /** The last snapshot of this run. */
  let taken: string | undefined;
  const materials = (): Promise<Materials> => (issued ??= issue());
  return await applyPlan(plan, {
    connections: connections.open,
    apiHosts: addressed(hostsWith(cluster, 'control-plane')),
    materials,
    etcdHosts: addressed(etcdHosts(cluster)),
    etcdCredentials: async (host) => (await materials()).etcdCredentials(host),
    stored: (resources) => readStored(workspace, connections, resources),
    keepSnapshot: async (blobs, cause) => {
      taken = await keepSnapshot(state, blobs, cause, new Date());
    },
    runHook: (step) => runOperatorHook(workspace, step),
    emit: (event) => {
      onEvent({ ...event, at: Date.now() - begun });
    },
    signal,
    ...(lockToken !== undefined && { lockToken }),
    ...(maxFailures !== undefined && { maxFailures }),
    ...(concurrency !== undefined && { concurrency }),
  });

  async function issue(): Promise<Materials> {
    await holdRotation(state, workspace.rotation, workspace.nextCas);
    const own = await loadOrCreatePki(state, cluster, {
      ...{ now: new Date(), randomBytes },
      renew: stepsOf(plan).flatMap((step) => (step.type === 'issue' ? step.certificates : [])),
    });
    const pki = usedPki(cluster, own.pki, workspace.foreignEtcd);
    await saveEncryptionKeys(state, cluster, workspace.encryptionKeys);
    const secrets = secretBytes({ ...desire, pki });
    const facts = { 'ca.crt': () => trustBundle(pki, 'ca'), 'cluster-id': () => pki.clusterId() ?? '' };
    return {
      secret(name) {
        const bytes = secrets.get(name) ?? encryptionBytes(name, workspace.encryptionKeys);
        if (bytes !== undefined) return bytes;
        throw new KbootError('E-STATE', `the state folder has no ${name}`, {
          remedy: remedies.otherInventory,
        });
      },
      fact: (name) => facts[name](),
      kubeCredentials: () => apiCredentials(pki),
      etcdCredentials: (host) => etcdCredentials(pki, host),
      snapshot: (file) => {
        const path = file ?? taken;
        const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
        if (path !== undefined && found !== undefined) return { path, size: found.size };
        throw new KbootError('E-STATE', `the snapshot ${path ?? ''} is not there any more`, {
          remedy: remedies.planAgain,
        });
      },
      bundle: desire.bundle?.directory,
    };
  }
}
