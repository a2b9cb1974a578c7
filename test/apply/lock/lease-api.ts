import { encodeHolder, type Holder } from '../../../src/apply/lock/holder.ts';
import type { LeaseApi } from '../../../src/apply/lock/lease.ts';
import type { KubeResponse } from '../../../src/kube/client.ts';

interface Lease {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly resourceVersion?: string };
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** An API server that has Leases and nothing else, with its rules for writers that meet. */
export function leaseApi(): LeaseApi & {
  /** Every request fails. */
  broken: boolean;
  lease(): Lease | undefined;
  /** Puts a Lease there that nobody renews. */
  leave(holder: Holder): Promise<void>;
} {
  let stored: Lease | undefined;
  let version = 0;
  const store = (lease: Lease): KubeResponse => {
    version++;
    stored = { ...lease, metadata: { ...lease.metadata, uid: 'u', resourceVersion: String(version) } };
    return { status: 201, body: stored };
  };
  const conflict = { status: 409, body: { message: 'conflict' } };
  const absent = { status: 404, body: { message: 'not found' } };
  const answer = (method: string, body: unknown): KubeResponse => {
    const wanted = body as Lease & { readonly preconditions?: { readonly resourceVersion: string } };
    switch (method) {
      case 'GET':
        return stored === undefined ? absent : { status: 200, body: stored };
      case 'POST':
        return stored === undefined ? store(wanted) : conflict;
      case 'PUT':
        if (stored === undefined) return absent;
        return wanted.metadata.resourceVersion === stored.metadata.resourceVersion ? store(wanted) : conflict;
      default:
        if (wanted.preconditions?.resourceVersion !== stored?.metadata.resourceVersion) return conflict;
        stored = undefined;
        return { status: 200, body: {} };
    }
  };
  const api = {
    broken: false,
    lease: () => stored,
    leave(holder: Holder) {
      const annotations = { 'kboot.dev/holder': encodeHolder(holder) };
      store({ metadata: { name: 'kboot', annotations }, spec: { renewTime: '2026-11-28T08:00:00.000000Z' } });
      return Promise.resolve();
    },
    client: () =>
      Promise.resolve({
        request: (method: string, path: string, { body }: { readonly body?: unknown } = {}) =>
          api.broken
            ? Promise.reject(new Error('no answer'))
            : Promise.resolve(
                path.startsWith('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases')
                  ? answer(method, body)
                  : absent,
              ),
        close: () => undefined,
      }),
    close: () => undefined,
  };
  return api;
}
