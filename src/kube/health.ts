import { isDefinition, isOwnKind, kindKey, type KindRef } from './scopes.ts';
import type { KubeObject } from './types.ts';

/**
 * Whether an object has reached what its spec asks for, by the rules of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus).
 * `failed`: it never will, however long one waits. Unlike there, a Job is only ready once it has completed.
 */
export type Health =
  { readonly state: 'ready' } | { readonly state: 'waiting' | 'failed'; readonly why: string };

interface StatusCondition {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly observedGeneration?: unknown;
}

interface Status {
  readonly observedGeneration?: unknown;
  readonly conditions?: unknown;
  readonly phase?: unknown;
  readonly [count: string]: unknown;
}

const ready: Health = { state: 'ready' };
const waiting = (why: string): Health => ({ state: 'waiting', why });
const failed = (why: string): Health => ({ state: 'failed', why });

/** The health of a live object; undefined: it does not exist. */
export function healthOf(object: KubeObject | undefined): Health {
  if (object === undefined) return waiting('does not exist');
  const { deletionTimestamp, generation } = object.metadata as {
    readonly deletionTimestamp?: unknown;
    readonly generation?: unknown;
  };
  if (deletionTimestamp !== undefined) return waiting('is being deleted');
  const status = statusOf(object);
  const { observedGeneration } = status;
  if (isBefore(observedGeneration, generation)) return waiting('is not observed by its controller yet');
  const own = rules[kindKey(object)];
  return own === undefined ? generic(status) : own(object, status);
}

/** Kinds whose Pods the Prometheus operator starts, and their names in URLs. */
export const prometheusKinds: Readonly<Record<string, string>> = {
  ...{ Alertmanager: 'alertmanagers', Prometheus: 'prometheuses', PrometheusAgent: 'prometheusagents' },
  ThanosRuler: 'thanosrulers',
};

/** Whether an object has a state that is worth waiting for. */
export function isWatched(object: KindRef): boolean {
  return !isOwnKind(object) || watchedKinds.has(kindKey(object));
}

const watchedKinds = new Set([
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].map((kind) => `apps/${kind}`),
  ...['/ReplicationController', '/Pod', '/PersistentVolumeClaim', 'batch/Job'],
  ...['apiextensions.k8s.io/CustomResourceDefinition', 'apiregistration.k8s.io/APIService'],
]);

const rules: Readonly<Record<string, (object: KubeObject, status: Status) => Health>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicas,
  '/ReplicationController': replicas,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'batch/Job': job,
  '/Pod': pod,
  '/PersistentVolumeClaim': (_object, { phase }) =>
    phase === 'Bound' ? ready : waiting(`is ${typeof phase === 'string' ? phase : 'not bound yet'}`),
  '/Namespace': (_object, { phase }) => (phase === 'Active' ? ready : waiting('is not active yet')),
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
  'apiregistration.k8s.io/APIService': (_object, status) => needs(status, 'Available'),
  ...Object.fromEntries(
    Object.keys(prometheusKinds).map((kind) => [`monitoring.coreos.com/${kind}`, prometheus] as const),
  ),
};

function deployment(object: KubeObject, status: Status): Health {
  const progressing = conditionIn(status, 'Progressing');
  // Its time limit is over: spec.progressDeadlineSeconds.
  if (progressing?.status === 'False') return waiting(textOf(progressing));
  const wanted = specNumber(object, 'replicas') ?? 1;
  const [updated, total, available] = [
    count(status, 'updatedReplicas'),
    count(status, 'replicas'),
    count(status, 'availableReplicas'),
  ];
  if (status.observedGeneration === undefined) return waiting('is not observed by its controller yet');
  if (updated < wanted) return waiting(`${updated} of ${wanted} Pods have the new template`);
  if (total > updated) return waiting(`${total - updated} former Pods have not ended`);
  return available >= wanted ? ready : waiting(`${available} of ${wanted} Pods are available`);
}

function replicas(object: KubeObject, status: Status): Health {
  const wanted = specNumber(object, 'replicas') ?? 1;
  const available = count(status, 'availableReplicas');
  return available >= wanted ? ready : waiting(`${available} of ${wanted} Pods are available`);
}

function statefulSet(object: KubeObject, status: Status): Health {
  const wanted = specNumber(object, 'replicas') ?? 1;
  const { updateStrategy } = (object['spec'] ?? {}) as {
    readonly updateStrategy?: {
      readonly type?: unknown;
      readonly rollingUpdate?: { readonly partition?: unknown };
    };
  };
  const good = count(status, 'readyReplicas');
  if (good < wanted) return waiting(`${good} of ${wanted} Pods are ready`);
  if (updateStrategy?.type === 'OnDelete') return ready;
  const partition = updateStrategy?.rollingUpdate?.partition;
  const toUpdate = wanted - (typeof partition === 'number' ? partition : 0);
  const updated = count(status, 'updatedReplicas');
  return updated >= toUpdate ? ready : waiting(`${updated} of ${toUpdate} Pods have the new template`);
}

function daemonSet(object: KubeObject, status: Status): Health {
  if (status.observedGeneration === undefined) return waiting('is not observed by its controller yet');
  const wanted = count(status, 'desiredNumberScheduled');
  const { updateStrategy } = (object['spec'] ?? {}) as {
    readonly updateStrategy?: { readonly type?: unknown };
  };
  const updated = count(status, 'updatedNumberScheduled');
  if (updateStrategy?.type !== 'OnDelete' && updated < wanted)
    return waiting(`${updated} of ${wanted} Pods have the new template`);
  const available = count(status, 'numberAvailable');
  return available >= wanted ? ready : waiting(`${available} of ${wanted} Pods are available`);
}

function job(_object: KubeObject, status: Status): Health {
  const broken = conditionIn(status, 'Failed');
  if (broken?.status === 'True') return failed(textOf(broken));
  if (conditionIn(status, 'Complete')?.status === 'True') return ready;
  return waiting(
    `has not completed (${count(status, 'active')} active, ${count(status, 'failed')} failed Pods)`,
  );
}

function pod(_object: KubeObject, status: Status): Health {
  if (status.phase === 'Succeeded') return ready;
  if (status.phase === 'Failed') return failed('its phase is Failed');
  return needs(status, 'Ready');
}

function definition(_object: KubeObject, status: Status): Health {
  const names = conditionIn(status, 'NamesAccepted');
  if (names?.status === 'False') return waiting(textOf(names));
  return needs(status, 'Established');
}

function needs(status: Status, type: string): Health {
  const found = conditionIn(status, type);
  if (found?.status === 'True') return ready;
  return waiting(found === undefined ? `has no condition ${type} yet` : textOf(found));
}

/**
 * kstatus does not know them: their condition is Available, of the Pods, and says itself which generation it is about
 * (prometheus-operator 0.64 or newer). A paused one may have none.
 */
function prometheus(object: KubeObject, status: Status): Health {
  const { paused } = (object['spec'] ?? {}) as { readonly paused?: unknown };
  if (paused === true) return generic(status);
  const { observedGeneration } = conditionIn(status, 'Available') ?? {};
  const { generation } = object.metadata as { readonly generation?: unknown };
  return isBefore(observedGeneration, generation)
    ? waiting('is not observed by its controller yet')
    : needs(status, 'Available');
}

/** Kinds that nothing is known of: the conditions that kstatus asks controllers to set, and Ready. */
function generic(status: Status): Health {
  const stalled = conditionIn(status, 'Stalled');
  if (stalled?.status === 'True') return waiting(textOf(stalled));
  const reconciling = conditionIn(status, 'Reconciling');
  if (reconciling?.status === 'True') return waiting(textOf(reconciling));
  const good = conditionIn(status, 'Ready');
  return good === undefined || good.status === 'True' ? ready : waiting(textOf(good));
}

function statusOf(object: KubeObject): Status {
  const status = object['status'];
  return typeof status === 'object' && status !== null ? (status as Status) : {};
}

function conditionIn({ conditions }: Status, type: string): StatusCondition | undefined {
  const list: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
  return list.find(
    (each): each is StatusCondition =>
      typeof each === 'object' && each !== null && 'type' in each && each.type === type,
  );
}

/** `Available is False (MinimumReplicasUnavailable): Deployment does not have …` */
function textOf({ type, status, reason, message }: StatusCondition): string {
  const why = typeof reason === 'string' && reason !== '' ? ` (${reason})` : '';
  const text = typeof message === 'string' && message !== '' ? `: ${message.slice(0, 300)}` : '';
  return `${String(type)} is ${String(status)}${why}${text}`;
}

function isBefore(observed: unknown, generation: unknown): boolean {
  return typeof observed === 'number' && typeof generation === 'number' && observed < generation;
}

function count(status: Status, name: string): number {
  const found = status[name];
  return typeof found === 'number' ? found : 0;
}

function specNumber(object: KubeObject, name: string): number | undefined {
  const found = ((object['spec'] ?? {}) as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'number' ? found : undefined;
}

/** Services that must answer before the API accepts objects: those of webhooks that are not to be passed over, and of the conversion of a CRD. */
export function servicesBehind(
  object: KubeObject,
): readonly { readonly namespace: string; readonly name: string }[] {
  const found: unknown[] = [];
  if (/^admissionregistration\.k8s\.io\/(Validating|Mutating)WebhookConfiguration$/.test(kindKey(object))) {
    const list: readonly unknown[] = Array.isArray(object['webhooks']) ? object['webhooks'] : [];
    for (const each of list) {
      const { clientConfig, failurePolicy } = (each ?? {}) as Readonly<Record<string, unknown>>;
      if (failurePolicy !== 'Ignore')
        found.push((clientConfig as { service?: unknown } | undefined)?.service);
    }
  }
  if (isDefinition(object)) {
    const { conversion } = (object['spec'] ?? {}) as {
      readonly conversion?: { readonly webhook?: { readonly clientConfig?: { readonly service?: unknown } } };
    };
    found.push(conversion?.webhook?.clientConfig?.service);
  }
  const services = found.flatMap((service) => {
    const { namespace, name } = (service ?? {}) as Readonly<Record<string, unknown>>;
    return typeof namespace === 'string' && typeof name === 'string' ? [{ namespace, name }] : [];
  });
  return services.filter(
    ({ namespace, name }, index) =>
      services.findIndex((other) => other.namespace === namespace && other.name === name) === index,
  );
}
