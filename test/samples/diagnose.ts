import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';

/** A status of a container that crashed and waits for its next start. */
export const crashing = (name: string, restarts = 5): object => ({
  name,
  ready: false,
  restartCount: restarts,
  state: {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off 2m40s restarting failed container=${name} pod=x_kube-system(1f)`,
    },
  },
  lastState: { terminated: { exitCode: 1, reason: 'Error' } },
});

interface PodParts {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly status?: object;
  readonly spec?: object;
  readonly metadata?: object;
  readonly containers?: readonly object[];
}

/** A Pod of kube-system in the API. */
export function pod(name: string, parts: PodParts = {}): object {
  const { node, phase = 'Running', ready = false, containers = [] } = parts;
  return {
    kind: 'Pod',
    metadata: { namespace: 'kube-system', name, uid: `uid-${name}`, ...parts.metadata },
    spec: { ...(node !== undefined && { nodeName: node }), ...parts.spec },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: containers,
      ...parts.status,
    },
  };
}

export const event = (type: string, reason: string, message: string, more: object = {}): object => ({
  metadata: { name: 'event' },
  type,
  reason,
  message,
  lastTimestamp: '2026-07-25T10:00:00Z',
  ...more,
});

export const list = (...items: readonly unknown[]): object => ({ kind: 'List', items });

/** A client that responds by the path without its query; 404 for all others. Records the requests. */
export function fakeKube(answers: Readonly<Record<string, unknown>>, asked: string[] = []): KubeClient {
  return {
    request(_method, path): Promise<KubeResponse> {
      asked.push(path);
      const [name = ''] = path.split('?');
      const body = answers[path] ?? answers[name];
      if (body instanceof Error) return Promise.reject(body);
      return Promise.resolve(
        body === undefined ? { status: 404, body: { message: `${name} not found` } } : { status: 200, body },
      );
    },
    close: () => undefined,
  };
}
