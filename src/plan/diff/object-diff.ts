import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { lastApplied, writtenByApi } from '../../kube/written-by-api.ts';
import { without } from '../../model/without.ts';
import { withMasked } from '../../model/secret-value.ts';
import { mask, redact } from './redact.ts';

/** Annotations that hold whole objects, or count revisions. */
const noise: readonly string[] = [
  lastApplied,
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
];

/** Maximum number of lines of a diff. */
const mostLines = 60;

/** Maximum number of lines that differ: to find all takes the square of it, minutes for CRDs that are years apart. */
const mostEdits = 2000;

/** An object without its status and what the API writes by itself. */
export function settled({ metadata, ...object }: KubeObject): KubeObject {
  const { annotations, ...others } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !noise.includes(key));
  return {
    ...(without(object, 'status') as KubeObject),
    metadata: {
      ...without(others, ...writtenByApi),
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    },
  };
}

/** What an apply changes in a live object, as a unified diff of YAML; values of passwords and the like by digest. */
export function objectDiff(live: KubeObject, result: KubeObject): string | undefined {
  const [old, young] = [textOf(live), textOf(result)];
  if (old === young) return undefined;
  const title = objectTitle(live);
  const options = { context: 2, maxEditLength: mostEdits };
  const patch = createTwoFilesPatch(title, title, old, young, undefined, undefined, options);
  if (patch === undefined) {
    const [before, after] = [old, young].map((text) => text.trimEnd().split('\n').length);
    return `--- ${title}\n+++ ${title}\n(more than ${mostEdits} lines differ: it has ${before} lines now, and then ${after})`;
  }
  const lines = patch.slice(patch.indexOf('--- ')).trimEnd().split('\n');
  return [
    ...lines.slice(0, mostLines),
    ...(lines.length > mostLines ? [`(${lines.length - mostLines} more lines)`] : []),
  ].join('\n');
}

function textOf(object: KubeObject): string {
  const { apiVersion, kind, metadata, ...rest } = settled(object);
  return redact(
    stringify(withMasked({ apiVersion, kind, metadata, ...rest }, mask), {
      lineWidth: 0,
      aliasDuplicateObjects: false,
      sortMapEntries: true,
    }),
  );
}
