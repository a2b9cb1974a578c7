import type { Stage } from '../../model/stage.ts';
import type { Draft } from '../draft.ts';
import { nearest } from '../nearest.ts';
import { describePath, error, warning, type Problem, type Path } from '../position.ts';
import type { Inventory } from '../schema.ts';
import type { Check, CheckInput } from './check.ts';
import { isTooLate, startsIn } from './components.ts';

type DraftHook = Draft<NonNullable<Inventory['spec']['hooks']>[number]>;
type DraftFile = Draft<NonNullable<Inventory['spec']['files']>[number]>;

/** Points at which a hook may run on the operator's machine: at any other point, hosts are in different stages. */
const operatorPlaces = ['before host', 'after control-plane', 'after node', 'after addon'];

export const hooksAreSound: Check = (input) => {
  const seen = new Map<string, Path>();
  return each<DraftHook>(input.draft.spec?.hooks, 'hooks').flatMap(({ draft, path }) => {
    const { findings, say } = speaker(path);
    if ('before' in draft === 'after' in draft)
      say('must have either before or after, with the stage that it belongs to');
    const place = placeOf(draft);
    if (draft.on === 'operator') {
      if (place !== undefined && !operatorPlaces.includes(place.text))
        say(
          `${place.stage} is not supported with on: operator, since each host goes through the stages at its own pace; use ${operatorPlaces.join(', ')}`,
          place.when,
        );
      for (const field of ['roles', 'hosts'])
        if (field in draft) say('cannot be combined with on: operator; remove one of them', field);
    } else if (place?.stage === 'addon')
      say('addon runs against the API, not on hosts; use on: operator, or the stage node', place.when);
    findings.push(...namesAreUnique(draft.name, [...path, 'name'], seen, input));
    return [...findings, ...hostsAreKnown(draft.hosts, path, input)];
  });
};

export const filesAreSound: Check = (input) => {
  const seen = new Map<string, Path>();
  return each<DraftFile>(input.draft.spec?.files, 'files').flatMap(({ draft, path }) => {
    const { findings, say, hint } = speaker(path);
    if ('source' in draft === 'content' in draft)
      say('must have either source (a file on this machine) or content (its text)');
    if (draft.stage === 'addon')
      say('addon runs against the API, not on hosts; use an earlier stage', 'stage');
    if (draft.substitute === true && 'source' in draft)
      say('applies to content, not to a file on this machine; remove it', 'substitute');
    if (
      draft.secret === true &&
      !('substitute' in draft) &&
      /\$\{[A-Za-z_]\w*(:-[^}]*)?\}/.test(draft.content ?? '')
    )
      hint(
        'is written with its ${…} as it is; set substitute: true to take it from the environment, or substitute: false',
        'content',
      );
    if (draft.path?.startsWith('/var/lib/kboot/') === true)
      say("is in kboot's own folder; choose another path", 'path');
    for (const [index, service] of (draft.restarts ?? []).entries()) {
      const starts = service === undefined ? undefined : startsIn[service];
      if (service !== undefined && starts !== undefined && isTooLate(draft.stage ?? 'host', service))
        say(
          `${service} starts in stage ${starts}, before this file is written; set stage: ${starts} or an earlier one`,
          'restarts',
          index,
        );
    }
    findings.push(...namesAreUnique(draft.path, [...path, 'path'], seen, input));
    return [...findings, ...hostsAreKnown(draft.hosts, path, input)];
  });
};

/** Collects problems with the value at a path, or with one of its fields. */
function speaker(path: Path): {
  readonly findings: Problem[];
  /** Adds an error. */
  readonly say: (message: string, ...field: Path) => void;
  /** Adds a warning. */
  readonly hint: (message: string, ...field: Path) => void;
} {
  const findings: Problem[] = [];
  const adds =
    (make: typeof error) =>
    (message: string, ...field: Path): void => {
      findings.push(make([...path, ...field], `${describePath([...path, ...field])} ${message}`));
    };
  return { findings, say: adds(error), hint: adds(warning) };
}

function placeOf(
  draft: DraftHook,
): { readonly when: 'before' | 'after'; readonly stage: Stage; readonly text: string } | undefined {
  const when = 'before' in draft ? 'before' : 'after';
  const stage = draft[when];
  return stage === undefined ? undefined : { when, stage, text: `${when} ${stage}` };
}

function each<D>(
  list: readonly (D | undefined)[] | undefined,
  name: string,
): readonly { readonly draft: D; readonly path: Path }[] {
  return (list ?? []).flatMap((draft, index) =>
    draft === undefined ? [] : [{ draft, path: ['spec', name, index] }],
  );
}

/** An error for a value that was seen before. */
export function namesAreUnique(
  name: string | undefined,
  path: Path,
  seen: Map<string, Path>,
  { lineOf }: CheckInput,
): Problem[] {
  if (name === undefined) return [];
  const first = seen.get(name);
  if (first === undefined) {
    seen.set(name, path);
    return [];
  }
  return [error(path, `${describePath(path)} ${name} is already used (line ${lineOf(first)})`)];
}

/** Errors for names of hosts that the inventory does not have. */
export function hostsAreKnown(
  named: readonly (string | undefined)[] | undefined,
  path: Path,
  { outline }: CheckInput,
): Problem[] {
  const known = outline.hosts.flatMap(({ draft }) => draft.name ?? []);
  return (named ?? []).flatMap((name, index) => {
    if (name === undefined || known.includes(name) || known.length < outline.hosts.length) return [];
    const guess = nearest(name, known);
    const at = [...path, 'hosts', index];
    return [
      error(
        at,
        `${describePath(at)} ${name} is not a host in this inventory${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
      ),
    ];
  });
}
