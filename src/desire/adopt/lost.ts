import { isDeepStrictEqual } from 'node:util';
import { hostsWith, isNode, type Json, type JsonObject } from '../../model/cluster.ts';
import { few } from '../../model/few.ts';
import { factsOf } from '../../model/inspection.ts';
import { isObject, yamlObject } from '../text/merge.ts';
import { staticPods } from '../text/static-pods.ts';
import type { TextContext } from '../text/types.ts';
import type { SeenCluster, SeenHost } from './types.ts';

/**
 * What of a cluster kboot has no field for, and replaces with its own: one sentence each, for people to read before
 * anything happens. `context` is that of the inventory as it was written.
 */
export function lostSettings(context: TextContext, seen: SeenCluster): readonly string[] {
  const hosts = new Map<string, string[]>();
  const add = (host: string, messages: readonly string[]): void => {
    for (const message of messages) hosts.set(message, [...(hosts.get(message) ?? []), host]);
  };
  for (const host of context.cluster.hosts) {
    const read = seen.hosts.get(host.name);
    if (read !== undefined && isNode(host)) add(host.name, lostOfUnit(read));
  }
  for (const host of hostsWith(context.cluster, 'control-plane')) {
    const read = seen.hosts.get(host.name);
    if (read === undefined) continue;
    const own = staticPods(context, host, factsOf(read.inspection, host.address), {
      etcd: { initialCluster: [], state: 'new' },
    });
    for (const { path, text } of own) {
      const [theirs, ours] = [yamlObject(read.files.get(path)), yamlObject(text)];
      if (theirs !== undefined && ours !== undefined)
        add(
          host.name,
          differences(stated(theirs), stated(ours)).map(
            (each) =>
              `${path}: ${each}; kboot has no field for it (a template of spec.templates can have it)`,
          ),
        );
    }
  }
  return [...hosts].map(([message, names]) => `${few(names, 3)}: ${message}`);
}

/** A Pod without what inventories state: flags, environment, mounts, and the image. */
function stated(pod: JsonObject): JsonObject {
  const spec = pod['spec'];
  if (spec === undefined || !isObject(spec)) return pod;
  const listed = (key: string): readonly JsonObject[] => {
    const list = spec[key];
    return Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : [];
  };
  const fields = ['command', 'args', 'env', 'volumeMounts', 'image'];
  const bare = listed('containers').map((container) =>
    Object.fromEntries(Object.entries(container).filter(([key]) => !fields.includes(key))),
  );
  return {
    ...pod,
    spec: {
      ...spec,
      containers: bare,
      volumes: listed('volumes').filter((each) => each['hostPath'] === undefined),
    },
  };
}

/** `spec.priority is 1, becomes 2`, for every value that differs. */
function differences(theirs: Json, ours: Json | undefined, at = ''): readonly string[] {
  if (isDeepStrictEqual(theirs, ours)) return [];
  const below = (key: string): string =>
    at === '' ? key : /^\d+$/.test(key) ? `${at}[${key}]` : `${at}.${key}`;
  if (typeof theirs === 'object' && theirs !== null && typeof ours === 'object' && ours !== null) {
    const [found, own] = [theirs, ours] as readonly Readonly<Record<string, Json>>[];
    const keys = new Set([...Object.keys(found ?? {}), ...Object.keys(own ?? {})]);
    return [...keys].flatMap((key) => differences(found?.[key] ?? null, own?.[key] ?? null, below(key)));
  }
  const shown = (value: Json | undefined): string => JSON.stringify(value ?? null).slice(0, 80);
  if (ours === undefined || ours === null) return [`${at} ${shown(theirs)} is dropped`];
  return theirs === null
    ? [`${at} becomes ${shown(ours)}`]
    : [`${at} ${shown(theirs)} becomes ${shown(ours)}`];
}

/** Variables in containerd's unit itself, which kboot's takes the place of; those of drop-ins stay in force. */
function lostOfUnit({ running }: SeenHost): readonly string[] {
  const [, path = '', unit = ''] =
    /^# (\/\S+)\n([\s\S]*?)(?=^# \/|$(?![\s\S]))/m.exec(running?.containerdUnit ?? '') ?? [];
  return unit
    .split('\n')
    .filter((line) => /^(Environment|EnvironmentFile)=/.test(line))
    .map((line) => {
      const name = /^\w+=-?"?([\w./-]+)/.exec(line)?.[1] ?? '';
      return `${path}: ${name} is dropped with this unit; put it into a drop-in (systemctl edit containerd), which stays`;
    });
}
