import { setTimeout as sleep } from 'node:timers/promises';
import { applyObject, getObject, refused, type KubeClient } from '../kube/client.ts';
import { nodePath, objectPath } from '../kube/paths.ts';
import { isTransient } from '../kube/transient.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';
import { withKept } from '../plan/diff/kept.ts';
import { targetText } from '../plan/target.ts';
import type {
  AccountsStep,
  ApplyStep,
  DeleteStep,
  NodeStep,
  PatchStep,
  RewriteStep,
  Taint,
} from '../plan/types.ts';
import { fillPlaceholders } from '../resource/placeholder.ts';
import { applyAddonObject, deleteAddonObject, withData } from './addons.ts';
import type { ApplyContext, Excluded } from './context.ts';
import { createControllerAccounts } from './controller-accounts.ts';
import { cordonNode, uncordonNode } from './cordon.ts';
import { drainNode } from './drain.ts';
import type { Moot } from './events.ts';
import { restartFlannel } from './flannel.ts';
import type { KubeConnection } from './kube-connection.ts';
import { rewriteAll } from './rewrite.ts';
import { fieldManager } from '../kube/owned.ts';

const pollMs = 250;
/** Seconds in which a newly started API server may refuse requests. */
const startSeconds = 60;

/** Runs the steps that use the API. */
export class KubeRunner {
  #kube: KubeConnection;
  #context: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>;
  #excluded: Excluded;

  constructor(
    kube: KubeConnection,
    context: Pick<ApplyContext, 'materials' | 'emit' | 'signal'>,
    excluded: Excluded,
  ) {
    this.#kube = kube;
    this.#context = context;
    this.#excluded = excluded;
  }

  /** Runs one step; `moot` if the host of its Node, or every control plane, failed earlier. Rejects with KbootError. */
  async run(
    step: ApplyStep | DeleteStep | NodeStep | RewriteStep | AccountsStep | PatchStep,
  ): Promise<Moot | undefined> {
    if (this.#kube.isCutOff) return { moot: 'every control plane failed earlier' };
    switch (step.type) {
      case 'apply':
        await (step.addon === undefined ? this.#applyObject(step) : this.#applyAddon(step));
        return undefined;
      case 'delete':
        if (step.addon !== undefined) {
          await this.#retryWhileStarting((kube) => deleteAddonObject(kube, step));
          return undefined;
        }
        await this.#retryWhileStarting((kube) =>
          remove(kube, objectPath(step.object), targetText(step.target)),
        );
        return undefined;
      case 'patch':
        await this.#retryWhileStarting((kube) => patchObject(kube, step));
        return undefined;
      case 'rewrite': {
        const { resource, timeoutSeconds } = step;
        const { signal, emit } = this.#context;
        const waiting = (seen: string): void => {
          emit({ type: 'waiting', step, seen });
        };
        await this.#retryWhileStarting(
          (kube) => rewriteAll(kube, resource, { timeoutSeconds, signal, waiting }),
          timeoutSeconds,
        );
        return undefined;
      }
      case 'accounts':
        await this.#retryWhileStarting(createControllerAccounts);
        return undefined;
      case 'node':
        if (this.#excluded.has(step.node)) return { moot: `${step.node} did not reach this stage` };
        await this.#retryWhileStarting((kube) => this.#node(kube, step), step.timeoutSeconds);
        return undefined;
    }
  }

  async #applyObject(step: ApplyStep): Promise<void> {
    const materials = await this.#context.materials();
    const object = JSON.parse(JSON.stringify(step.object), (_key, value: unknown) =>
      typeof value === 'string' ? fillPlaceholders(value, (name) => materials.fact(name)) : value,
    ) as KubeObject;
    if (step.replaces === true)
      await this.#retryWhileStarting((kube) =>
        remove(kube, objectPath(step.object), targetText(step.target)),
      );
    await this.#retryWhileStarting(async (kube) => {
      const live = step.keeps === undefined ? undefined : await getObject(kube, object);
      await applyObject(kube, live === undefined ? object : withKept(object, step.keeps, live).object);
    });
  }

  async #applyAddon(step: ApplyStep): Promise<void> {
    const data =
      step.data === undefined ? undefined : (await this.#context.materials()).secret(step.data.name);
    const object = withData(step, data);
    if (step.replaces === true) await this.#retryWhileStarting((kube) => deleteAddonObject(kube, step));
    await this.#retryWhileStarting((kube) => applyAddonObject(kube, object));
  }

  async #node(kube: KubeClient, step: NodeStep): Promise<void> {
    const { node, operation, timeoutSeconds } = step;
    switch (operation.kind) {
      case 'mark':
        await markNode(kube, node, operation);
        return;
      case 'cordon':
        if (!(await cordonNode(kube, node)))
          throw new KbootError('E-KUBE-API', `Node ${node} does not exist`, { httpStatus: 404 });
        return;
      case 'uncordon':
        await uncordonNode(kube, node);
        return;
      case 'drain':
      case 'restart-flannel': {
        const { signal, emit } = this.#context;
        const waiting = (seen: string): void => {
          emit({ type: 'waiting', step, seen });
        };
        const options = { pollMs: 1_000, signal, waiting };
        if (operation.kind === 'drain') await drainNode(kube, node, operation.policy, options);
        else await restartFlannel(kube, node, { ...options, timeoutSeconds });
        return;
      }
      case 'delete':
        await remove(kube, nodePath(node), targetText(step.target));
        return;
    }
  }

  /**
   * A newly started API server may answer 403 or 5xx until its own objects exist (kubeadm polls too); an update of a Node
   * may conflict. A connection that is lost after up to `seconds` of work is opened again.
   */
  async #retryWhileStarting(action: (kube: KubeClient) => Promise<void>, seconds = 0): Promise<void> {
    const start = Date.now();
    for (;;) {
      try {
        await action(await this.#kube.client());
        return;
      } catch (error) {
        const transient = error instanceof KbootError && isTransient(error);
        if (!transient || this.#context.signal.aborted) throw error;
        const isLost = error.context.httpStatus === undefined;
        if (Date.now() > start + (startSeconds + (isLost ? seconds : 0)) * 1000) throw error;
        if (isLost) this.#kube.close();
        await sleep(pollMs);
      }
    }
  }
}

async function markNode(
  kube: KubeClient,
  node: string,
  { labels, annotations, taints: desired }: NodeStep['operation'] & { readonly kind: 'mark' },
): Promise<void> {
  const live = await kube.request('GET', nodePath(node));
  if (live.status !== 200) throw refused(`reading Node ${node}`, live);
  const body = live.body as { metadata: { resourceVersion: string }; spec?: { taints?: readonly Taint[] } };
  const wanted = new Set(desired.map(taintKey));
  const taints = [...desired, ...(body.spec?.taints ?? []).filter((taint) => !wanted.has(taintKey(taint)))];
  const { resourceVersion } = body.metadata;
  await patchNode(
    kube,
    node,
    { metadata: { labels, annotations, resourceVersion }, ...(desired.length > 0 && { spec: { taints } }) },
    'mark',
  );
}

async function patchNode(kube: KubeClient, node: string, body: unknown, doing: string): Promise<void> {
  const answer = await kube.request('PATCH', `${nodePath(node)}?fieldManager=${fieldManager}`, {
    body,
    contentType: 'application/merge-patch+json',
  });
  if (answer.status !== 200) throw refused(`${doing} Node ${node}`, answer);
}

/** An object that does not exist any more needs no patch. */
async function patchObject(kube: KubeClient, { object, patch, target }: PatchStep): Promise<void> {
  const answer = await kube.request('PATCH', `${objectPath(object)}?fieldManager=${fieldManager}-rotation`, {
    body: patch,
    contentType: 'application/merge-patch+json',
  });
  if (answer.status !== 200 && answer.status !== 404) throw refused(`updating ${targetText(target)}`, answer);
}

/** An object that does not exist counts as deleted. */
async function remove(kube: KubeClient, path: string, title: string): Promise<void> {
  const answer = await kube.request('DELETE', path);
  if (answer.status !== 200 && answer.status !== 404) throw refused(`deleting ${title}`, answer);
}

const taintKey = (taint: Taint): string => `${taint.key}:${taint.effect}`;
