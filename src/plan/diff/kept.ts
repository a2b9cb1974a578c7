import type { Kept } from '../../kube/desired-cluster.ts';
import { isOwn, othersOf } from '../../kube/owned.ts';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { isScaledToZero } from './health.ts';
import { visible } from '../../model/visible.ts';

/** An object as it is to be applied, with what is kept of the live one. */
export interface Adopted {
  readonly object: KubeObject;
  /** For the reader: a change of somebody else's that is kept, and how to put it into the inventory. */
  readonly warning?: string;
}

/** The desired object with the fields of the live one that kboot keeps. */
export function withKept(object: KubeObject, keeps: readonly Kept[] = [], live: KubeObject): Adopted {
  return keeps.reduce<Adopted>(
    (adopted, each) => ({ ...adopted, ...withField(adopted.object, each, live) }),
    { object },
  );
}

function withField(object: KubeObject, keeps: Kept, live: KubeObject): Adopted {
  switch (keeps.field) {
    case 'replicas': {
      const replicas = (live['spec'] as { replicas?: unknown } | undefined)?.replicas;
      if (typeof replicas !== 'number' || isScaledToZero(live)) return { object };
      return { object: { ...object, spec: { ...(object['spec'] as object), replicas } } };
    }
    case 'readinessPeriod':
      return { object: withReadinessPeriods(object, live) };
    case 'Corefile':
      return withCorefile(object, keeps.plain, live);
  }
}

interface Workload extends KubeObject {
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } } };
}

interface Container {
  readonly name?: string;
  readonly readinessProbe?: { readonly periodSeconds?: number };
}

/** The object with the periods of the live containers of the same names. */
function withReadinessPeriods(object: Workload, { spec: live }: Workload): KubeObject {
  const periods = new Map(
    live?.template?.spec?.containers?.map(({ name, readinessProbe }) => [
      name,
      readinessProbe?.periodSeconds,
    ]),
  );
  const { template } = object.spec ?? {};
  const containers = template?.spec?.containers?.map((container) => {
    const periodSeconds = periods.get(container.name);
    return container.readinessProbe === undefined || periodSeconds === undefined
      ? container
      : { ...container, readinessProbe: { ...container.readinessProbe, periodSeconds } };
  });
  return {
    ...object,
    spec: { ...object.spec, template: { ...template, spec: { ...template?.spec, containers } } },
  };
}

/**
 * kubeadm, too, keeps a Corefile that it did not write (addons/dns, with a warning). It is replaced as soon as nothing of
 * it is lost: everything in it is in the desired one, and what it lacks of the plain one the desired one lacks as well.
 */
function withCorefile(object: KubeObject, plain: string, live: KubeObject): Adopted {
  const wanted = corefileOf(object);
  const found = corefileOf(live);
  if (found === undefined || wanted === undefined || found === wanted) return { object };
  if (isOwn(live, ['data', 'Corefile'])) return { object };
  const lost = linesMissing(found, wanted);
  const undone = linesMissing(plain, found).filter((line) => !linesMissing(plain, wanted).includes(line));
  if (lost.length + undone.length === 0) return { object };
  const who = othersOf(live, ['data', 'Corefile']);
  const title = objectTitle(object);
  const parts = [
    `${title}: its Corefile was changed by hand${who.length === 0 ? '' : ` (${who.map(visible).join(', ')})`}; kboot keeps it.`,
    ...(lost.length === 0 ? [] : [`Only there: ${few(lost)}.`]),
    ...(undone.length === 0 ? [] : [`Removed there: ${few(undone)}.`]),
    'To have kboot write it, put the change into spec.dns (upstream, stubDomains, extraBlocks); or, to give the change up, ' +
      'run `kubectl -n kube-system delete configmap coredns` and then `kboot up`.',
  ];
  // Applied without it: a field that is not sent keeps its value and its owner.
  const data = Object.entries(object['data'] as object).filter(([key]) => key !== 'Corefile');
  return { object: { ...object, data: Object.fromEntries(data) }, warning: parts.join(' ') };
}

function corefileOf(object: KubeObject): string | undefined {
  const text = (object['data'] as { Corefile?: unknown } | undefined)?.Corefile;
  return typeof text === 'string' ? text : undefined;
}

/** Lines of `text` that `other` has not, or not so often; indentation and comments do not count. */
function linesMissing(text: string, other: string): string[] {
  const rest = linesOf(other);
  return linesOf(text).filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0 && line !== '}';
  });
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const words = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .replaceAll(/\s+/g, ' ');
    return words === '' ? [] : [words];
  });
}

function few(lines: readonly string[]): string {
  const shown = lines.slice(0, 6).map((line) => `"${visible(line)}"`);
  return `${shown.join(', ')}${lines.length > 6 ? ` and ${lines.length - 6} more lines` : ''}`;
}
