import { refused, type KubeClient } from '../../kube/client.ts';
import type { Found } from './types.ts';

/** What an API server measures of the plugin once an event has passed it; lines of other plugins name theirs. */
const measured =
  /^apiserver_admission_controller_admission_duration_seconds_count\{[^}]*name="EventRateLimit"[^}]*\} [1-9]/m;

/**
 * Whether an event passes the plugin that bounds them, as the metrics of the API server say: they would only be refused in
 * a flood.
 */
export async function eventRateLimit(kube: KubeClient, namespace: string, mark: string): Promise<Found> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  const made = await kube.request('POST', path, {
    body: {
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: mark }, type: 'Normal', reason: 'Verify' },
      involvedObject: { apiVersion: 'v1', kind: 'Namespace', name: namespace, namespace },
      ...{ message: 'kboot verify --security', source: { component: 'kboot' } },
    },
  });
  if (made.status !== 201) throw refused('creating an Event', made);
  const metrics = await kube.request('GET', '/metrics', { asText: true });
  if (metrics.status !== 200) throw refused('reading metrics', metrics);
  return measured.test(String(metrics.body))
    ? { ok: true, found: 'an event passes EventRateLimit' }
    : { ok: false, found: 'events are written without bounds' };
}
