import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { refused, type KubeClient } from '../../kube/client.ts';
import type { Host } from '../../model/cluster.ts';
import type { Reader } from '../../transport/types.ts';
import { applyAll, serverObjects, type VerifyTexts } from '../objects.ts';
import { waitForPods } from '../pods.ts';
import { overStream } from '../stream.ts';
import { verifyPort } from '../types.ts';
import type { Found } from './types.ts';

const startMs = 60_000;
const enforcedMs = 20_000;
const answerMs = 3_000;

export interface NetworkPolicyInput extends VerifyTexts {
  readonly kube: KubeClient;
  readonly readers: ReadonlyMap<string, Reader>;
}

/**
 * Whether a NetworkPolicy that allows nothing cuts the Pod of one node off from another node, which reached it before. The
 * Pod's own node does not count: probes of kubelets are always allowed.
 */
export async function networkPolicyDrops(
  input: NetworkPolicyInput,
  [from, target]: readonly [Host, Host],
): Promise<Found> {
  const { kube, namespace, readers } = input;
  const kinds = ['ServiceAccount', 'ConfigMap', 'DaemonSet'];
  await applyAll(
    kube,
    serverObjects(input).filter(({ kind }) => kinds.includes(kind)),
  );
  const wait = { namespace, app: 'server', nodes: [target.name], timeoutMs: startMs };
  const state = (await waitForPods(kube, wait, new AbortController().signal, () => undefined)).get(
    target.name,
  );
  if (state === undefined || 'why' in state)
    return { ok: false, found: `no Pod started on ${target.name}: ${state?.why ?? 'not Ready in time'}` };
  const address = state.addresses[4] ?? state.addresses[6] ?? '';
  const reaches = async (): Promise<boolean> => await answers(readers.get(from.name), address);
  if (!(await reaches()))
    return {
      ok: false,
      found: `${from.name} does not reach a Pod on ${target.name} to which no policy applies`,
    };
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
  const made = await kube.request('POST', path, {
    body: {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'nobody' } },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    },
  });
  if (made.status !== 201) throw refused('creating a NetworkPolicy', made);
  for (const deadline = Date.now() + enforcedMs; ;) {
    if (!(await reaches()))
      return { ok: true, found: `${from.name} no longer reaches a Pod on ${target.name} that allows nobody` };
    if (Date.now() > deadline)
      return { ok: false, found: `${from.name} reaches a Pod on ${target.name} that allows nobody` };
    await sleep(500);
  }
}

/** Whether a TCP connection from a host is accepted in time. */
async function answers(reader: Reader | undefined, address: string): Promise<boolean> {
  if (reader === undefined) return false;
  const open = (): Promise<Duplex> => reader.forward(address, verifyPort);
  return await overStream(open, answerMs, () => Promise.resolve(true)).catch(() => false);
}
