import type { Draft } from '../draft.ts';
import { nearest } from '../nearest.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import type { Inventory } from '../schema.ts';
import type { Check } from './check.ts';

type DraftAddon = Draft<NonNullable<Inventory['spec']['addons']>[number]>;

/** Names are unique, `after` names other add-ons without a circle, and every manifest comes from one place. */
export const addonsAreSound: Check = ({ draft, lineOf }) => {
  const addons: readonly (DraftAddon | undefined)[] = draft.spec?.addons ?? [];
  const names = addons.map((addon) => addon?.name);
  return addons.flatMap((addon, index): Problem[] => {
    if (addon === undefined) return [];
    const path: Path = ['spec', 'addons', index];
    const say = (field: Path, message: string): Problem => {
      const at = [...path, ...field];
      return error(at, `${describePath(at)} ${message}`);
    };
    const first = names.indexOf(addon.name);
    return [
      ...(addon.name !== undefined && first < index
        ? [say(['name'], `${addon.name} is already used (line ${lineOf(['spec', 'addons', first, 'name'])})`)]
        : []),
      ...('manifests' in addon || 'chart' in addon ? [] : [say([], 'must have manifests or a chart')]),
      ...(addon.chart === undefined
        ? []
        : chartProblems(addon.chart, (message, ...field) => say(['chart', ...field], message))),
      ...(addon.manifests ?? []).flatMap((manifest, at) =>
        manifest === undefined ? [] : placeProblems(manifest, (message) => say(['manifests', at], message)),
      ),
      ...(addon.after ?? []).flatMap((name, at) => {
        const problem = name === undefined ? undefined : unknownName(name, addon.name, names);
        return problem === undefined ? [] : [say(['after', at], problem)];
      }),
      ...circleFrom(addons, index).map((circle) =>
        say(['after'], `is a circle: ${circle.join(' after ')}; remove one of them`),
      ),
    ];
  });
};

function placeProblems(
  manifest: NonNullable<NonNullable<DraftAddon['manifests']>[number]>,
  say: (message: string) => Problem,
): Problem[] {
  if ('path' in manifest === 'url' in manifest)
    return [say('must have either path (on this machine) or url, with sha256')];
  if ('url' in manifest && !('sha256' in manifest))
    return [
      say(
        'must have sha256 beside url: otherwise the server of that URL could change what runs in the cluster; `curl -fsSL URL | sha256sum` prints it',
      ),
    ];
  if ('path' in manifest && 'sha256' in manifest) return [say('has sha256, which belongs to url; remove it')];
  return [];
}

type DraftChart = NonNullable<DraftAddon['chart']>;

/** The fields that each place of a chart needs. */
const places = {
  path: [],
  repository: ['name', 'version', 'sha256'],
  oci: ['version', 'sha256'],
} as const satisfies Partial<Record<keyof DraftChart, readonly (keyof DraftChart)[]>>;

function chartProblems(chart: DraftChart, say: (message: string, ...field: Path) => Problem): Problem[] {
  const stated = (Object.keys(places) as (keyof typeof places)[]).filter((place) => place in chart);
  const [place, ...others] = stated;
  if (place === undefined || others.length > 0)
    return [say('must have one of path (on this machine), repository and oci')];
  const needed: readonly string[] = places[place];
  return [
    ...needed
      .filter((field) => !(field in chart))
      .map((field) =>
        say(
          field === 'sha256'
            ? `must have sha256 beside ${place}: whoever serves the chart could otherwise change what runs in the cluster; \`helm pull\` fetches the archive, and \`sha256sum\` prints it`
            : `must have ${field} beside ${place}`,
        ),
      ),
    ...(['name', 'version', 'sha256'] as const)
      .filter((field) => field in chart && !needed.includes(field))
      .map((field) => say(`does not belong to ${place}; remove it`, field)),
  ];
}

function unknownName(
  name: string,
  own: string | undefined,
  names: readonly (string | undefined)[],
): string | undefined {
  if (name === own) return 'must name another add-on, not this one';
  if (names.includes(name) || names.includes(undefined)) return undefined;
  const guess = nearest(
    name,
    names.flatMap((each) => (each === undefined || each === own ? [] : [each])),
  );
  return `${name} is not one of spec.addons${guess === undefined ? '' : `; did you mean "${guess}"?`}`;
}

/** The circle that an add-on begins: reported at its first member only. */
function circleFrom(addons: readonly (DraftAddon | undefined)[], start: number): readonly string[][] {
  const byName = new Map(
    addons.flatMap((addon, index) => (addon?.name === undefined ? [] : [[addon.name, index]])),
  );
  // What has been searched once leads nowhere: add-ons that all wait for all earlier ones have many ways between them.
  const searched = new Set([start]);
  const search = (index: number, way: readonly number[]): number[] | undefined => {
    for (const name of addons[index]?.after ?? []) {
      const next = name === undefined ? undefined : byName.get(name);
      if (next === undefined || next === index) continue;
      if (next === start) return [...way, start];
      if (next < start || searched.has(next)) continue;
      searched.add(next);
      const found = search(next, [...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const circle = search(start, [start]);
  return circle === undefined ? [] : [circle.map((index) => addons[index]?.name ?? '')];
}
