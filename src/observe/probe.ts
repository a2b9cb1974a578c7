import { randomBytes } from 'node:crypto';
import { KbootError } from '../model/error.ts';
import type { Inspection } from '../model/inspection.ts';
import { handlerOf, resourceId } from '../resource/kinds.ts';
import type { Observation, Resource, ResourceKind } from '../resource/types.ts';
import type { Reader } from '../transport/types.ts';
import { inspectSections, readInspection, type ProbeQuestions } from './inspect.ts';
import { remedies } from './remedies.ts';

/** The result of probing one host. */
export interface HostObservation {
  readonly host: string;
  readonly inspection: Inspection;
  /** By resource id; a resource whose reading was truncated is `unknown`. */
  readonly observations: ReadonlyMap<string, Observation<unknown>>;
}

const probeTimeoutMs = 120_000;

/**
 * A script that reads the state of every resource and the host's facts. Each section ends with a line that
 * carries a nonce and the exit status: without that line, the section is unknown.
 */
export function probeScript(resources: readonly Resource[], nonce: string, ask: ProbeQuestions = {}): string {
  return sectionsScript(nonce, new Map([...inspectSections(ask), ...queries(resources, ask)]));
}

/** A script that runs scripts, whose output readSections tells apart. */
export function sectionsScript(nonce: string, sections: ReadonlyMap<string, string>): string {
  const section = ([name, body]: readonly [string, string]): string =>
    `echo "@${nonce} begin ${name}"\n{ ${body}\n} 2>/dev/null </dev/null\necho "@${nonce} end ${name} $?"`;
  const path = 'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return [path, ...[...sections].map(section)].join('\n');
}

/** The query for each kind. */
function queries(resources: readonly Resource[], { deep = false }: ProbeQuestions): Map<string, string> {
  return new Map(
    [...groupByKind(resources)].map(
      ([kind, wants]) => [kind, handlerOf(kind).query(wants, { deep })] as const,
    ),
  );
}

/** Splits a probe's output into sections; omits a section that did not end, or was ended by a signal or a missing program. */
export function readSections(output: string, nonce: string): Map<string, string> {
  const sections = new Map<string, string>();
  const mark = `@${nonce} `;
  let open: { readonly name: string; readonly from: number } | undefined;
  // From mark to mark: text between them is not looked at line by line.
  for (let at = output.startsWith(mark) ? 0 : output.indexOf(`\n${mark}`) + 1; ;) {
    if (!output.startsWith(mark, at)) return sections;
    const newline = output.indexOf('\n', at);
    const end = newline < 0 ? output.length : newline;
    const [word, name = '', status = ''] = output.slice(at + mark.length, end).split(' ', 3);
    if (word === 'begin') open = { name, from: end + 1 };
    else if (word === 'end' && open?.name === name) {
      if (/^\d{1,3}$/.test(status) && Number(status) < 126) sections.set(name, output.slice(open.from, at));
      open = undefined;
    }
    at = output.indexOf(`\n${mark}`, end) + 1;
    if (at === 0) return sections;
  }
}

/**
 * Reads one host: one exec.
 * Throws KbootError E-PROBE if the host's facts are incomplete, and the errors of the Reader.
 */
export async function probeHost(
  reader: Reader,
  resources: readonly Resource[],
  ask: ProbeQuestions = {},
): Promise<HostObservation> {
  const nonce = randomBytes(12).toString('hex');
  const asked = Date.now();
  const result = await reader.read(probeScript(resources, nonce, ask), { timeoutMs: probeTimeoutMs });
  const sections = readSections(result.stdout, nonce);
  const inspection = readInspection(sections, asked, Date.now());
  if (inspection === undefined)
    throw new KbootError('E-PROBE', 'the probe was cut off before it reported the facts of the host', {
      host: reader.host,
      detail: result.stderr.slice(-500),
      remedy: remedies.probeAgain,
    });
  return { host: reader.host, inspection, observations: readObservations(resources, sections) };
}

/**
 * Observes the resources `wanted` once the host's facts are known: one more exec, only for the kinds whose query
 * differs from the one already `asked`; no exec if none differs.
 */
export async function probeOthers(
  reader: Reader,
  seen: HostObservation,
  asked: readonly Resource[],
  wanted: readonly Resource[],
  ask: ProbeQuestions = {},
): Promise<HostObservation> {
  const before = queries(asked, ask);
  const others = new Map([...queries(wanted, ask)].filter(([kind, query]) => before.get(kind) !== query));
  if (others.size === 0) return seen;
  const nonce = randomBytes(12).toString('hex');
  const { stdout } = await reader.read(sectionsScript(nonce, others), { timeoutMs: probeTimeoutMs });
  const again = readObservations(
    wanted.filter(({ kind }) => others.has(kind)),
    readSections(stdout, nonce),
  );
  return { ...seen, observations: new Map([...seen.observations, ...again]) };
}

/** Turns sections into one observation per resource. */
export function readObservations(
  resources: readonly Resource[],
  sections: ReadonlyMap<string, string>,
): Map<string, Observation<unknown>> {
  const observations = new Map<string, Observation<unknown>>();
  for (const [kind, wants] of groupByKind(resources)) {
    const output = sections.get(kind);
    const read = output === undefined ? undefined : handlerOf(kind).read(wants, output);
    wants.forEach((want, index) => {
      observations.set(
        resourceId(want),
        read?.[index] ?? { state: 'unknown', reason: `the reading of kind ${kind} was cut off` },
      );
    });
  }
  return observations;
}

function groupByKind(resources: readonly Resource[]): Map<ResourceKind, Resource[]> {
  const groups = new Map<ResourceKind, Resource[]>();
  for (const resource of resources) {
    const group = groups.get(resource.kind);
    if (group === undefined) groups.set(resource.kind, [resource]);
    else group.push(resource);
  }
  return groups;
}
