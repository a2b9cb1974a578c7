import type { Cluster } from '../model/cluster.ts';
import type { Inspection } from '../model/inspection.ts';
import { defaultSpreadPort } from '../model/spread.ts';
import type { Spread, SpreadFile } from './spread-types.ts';
import { hostOf, tasksOf } from './steps.ts';
import type { Phase } from './types.ts';

/** The spread of a plan's files; undefined: the inventory does not ask for it, or there is nothing to spread. */
export function planSpread(
  {
    artifacts: { spread, fetch, spreadPort = defaultSpreadPort },
    hosts,
  }: Pick<Cluster, 'artifacts' | 'hosts'>,
  phases: readonly Phase[],
  inspections: ReadonlyMap<string, Pick<Inspection, 'spread'>>,
): Spread | undefined {
  const wanted = new Map<string, { file: SpreadFile; hosts: Set<string> }>();
  for (const { on, steps } of tasksOf(phases)) {
    const host = hostOf(on);
    if (host === undefined) continue;
    for (const step of steps) {
      if (step.type !== 'shell' || step.payload?.content.kind !== 'artifact') continue;
      const { sha256, title, source } = step.payload.content.artifact;
      if (source.kind === 'bundle' ? spread === undefined : fetch !== 'once') continue;
      const known = wanted.get(sha256);
      if (known !== undefined) known.hosts.add(host);
      else
        wanted.set(sha256, {
          file: {
            ...{ sha256, title, hosts: [] },
            source: source.kind === 'bundle' ? source : { kind: 'download', url: source.url },
          },
          hosts: new Set([host]),
        });
    }
  }
  const files = [...wanted.values()].map(({ file, hosts: of }) => ({ ...file, hosts: [...of] }));
  if (files.length === 0) return undefined;
  const taking = new Set(files.flatMap(({ hosts: of }) => of));
  let [operatorBytes, hostBytes, heldBytes] = [0, 0, 0];
  for (const { sha256, source, hosts: of } of files) {
    if (source.kind === 'download') continue;
    const { size } = source;
    const held = of.map((host) => {
      const file = inspections.get(host)?.spread?.find((each) => each.sha256 === sha256);
      return { isWhole: file?.isWhole === true, bytes: Math.min(size, file?.bytes ?? 0) };
    });
    const missing = held.map(({ bytes }) => size - bytes);
    const first = held.some(({ isWhole }) => isWhole) ? 0 : Math.min(...missing);
    operatorBytes += first;
    hostBytes += missing.reduce((sum, each) => sum + each, 0) - first;
    heldBytes += held.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return {
    port: spreadPort,
    hosts: hosts.flatMap(({ name, address }) => (taking.has(name) ? [{ host: name, address }] : [])),
    ...{ files, operatorBytes, hostBytes, heldBytes },
  };
}
