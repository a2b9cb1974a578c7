import { eventLines } from './events.ts';
import { itemsAt } from './json.ts';
import { eventsPath } from './paths.ts';
import { podLines, readPod, type FailingContainer, type Pod } from './pod.ts';
import type { Answer, Sources } from './sources.ts';
import { logLines, type Section } from './text.ts';

/** Bounds for one Pod. */
const maxEvents = 3;
const maxContainers = 2;
const logCount = 6;
/** More lines are read than shown, to include the beginning of a panic. */
const readCount = 40;

/** Names as Kubernetes allows them. Other names in a response are not used in requests. */
const isName = (text: string): boolean => /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text);

/** Pods of a list, without finished ones. */
export function podsOf(list: unknown): Pod[] {
  return itemsAt(list, 'items')
    .map(readPod)
    .filter(({ phase }) => phase !== 'Succeeded');
}

/** The information of `kubectl describe` and `kubectl logs` about a Pod that is not ready. */
export async function describePod(sources: Sources, pod: Pod): Promise<Section> {
  const [events, ...logs] = await Promise.all([
    podEvents(sources, pod),
    ...pod.failing.slice(0, maxContainers).map((container) => containerLogs(sources, pod, container)),
  ]);
  return [...podLines(pod), ...events, ...logs.flat()];
}

/** The last events of a Pod, indented. */
export async function podEvents(sources: Sources, pod: Pod): Promise<string[]> {
  if (!isName(pod.namespace) || !/^[\w-]+$/.test(pod.eventUid)) return [];
  const events = await sources.get(eventsPath(pod.namespace, pod.eventUid));
  if (!events.ok) return [`  its events could not be read: ${events.why}`];
  return eventLines(events.value, maxEvents).map((line) => `  ${line}`);
}

async function containerLogs(sources: Sources, pod: Pod, container: FailingContainer): Promise<string[]> {
  const { name, hasLog, hasPreviousLog } = container;
  if (!hasLog || ![pod.namespace, pod.name, name].every(isName)) return [];
  const none: Answer<string> = { ok: true, value: '' };
  const [last, previous] = await Promise.all([
    sources.log(pod, name, false, readCount),
    hasPreviousLog ? sources.log(pod, name, true, readCount) : none,
  ]);
  if (last.ok && previous.ok) return logsOf(name, last.value, previous.value);
  const why = last.ok ? (previous.ok ? '' : previous.why) : last.why;
  const failed = `  the log of ${name} could not be read through the API: ${why}`;
  const onHost = sources.isConnected(pod.node)
    ? await sources.host(pod.node, {
        containers: [{ name, prefix: `${pod.name}_${pod.namespace}_${name}-` }],
        units: [],
      })
    : undefined;
  const found = onHost?.ok === true ? onHost.value.containers[0] : undefined;
  return [
    failed,
    ...logsOf(
      name,
      found?.last ?? (last.ok ? last.value : ''),
      found?.previous ?? (previous.ok ? previous.value : ''),
    ),
  ];
}

function logsOf(container: string, last: string, previous: string): string[] {
  const part = (title: string, log: string): string[] => {
    const lines = logLines(log, logCount);
    return lines.length === 0 ? [] : [`  ${title} of ${container}:`, ...lines];
  };
  return [...part('last log lines', last), ...part('last log lines of the previous run', previous)];
}
