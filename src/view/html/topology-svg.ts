import { plural } from '../../model/plural.ts';
import { hostList } from '../host-list.ts';
import { stateWords, type HostState } from './hosts.ts';
import type { Html } from './html.ts';
import { box, drawing, element, label } from './svg.ts';
import { topologyText, type Band, type Machine, type Tier, type Topology } from './topology.ts';

const width = 1040;
/** Left edge of machines and bands, right of the words. */
const left = 140;
const inner = width - left;
const gap = 12;
const perRow = 6;
/** A tier with more machines than this is drawn as a field of dots. */
const shownSingly = 12;
const bandHeight = 38;
const between = 26;

/** A part of the drawing, and its height. */
interface Drawn {
  readonly parts: readonly Html[];
  readonly height: number;
  /** Centres of the machines in the last row, where lines end. */
  readonly centres: readonly number[];
}

/** The cluster as a drawing: shared parts as bands, machines as cards between them. */
export function topologySvg(topology: Topology): Html {
  const parts: Html[] = [];
  let y = 1;
  parts.push(...band(topology.endpoint, y, 'band api'));
  y += bandHeight;
  const tiers = topology.tiers.map((tier) => ({ tier, ...drawTier(tier) }));
  for (const [index, { tier, parts: own, height, centres }] of tiers.entries()) {
    const behind = index === 0 || tier.api;
    const top = y + between;
    if (behind && (index === 0 || tiers[index - 1]?.tier.balances === true))
      parts.push(...centres.map((x) => element('line', { x1: x, y1: y, x2: x, y2: top, class: 'link' })));
    parts.push(element('g', { transform: `translate(0 ${top})` }, ...own));
    y = top + height;
    if (tier.etcd) {
      parts.push(...ring(tier, centres, y));
      y += ringHeight;
    }
  }
  y += between;
  for (const network of topology.networks) {
    parts.push(...band(network, y, 'band net'));
    y += bandHeight + 8;
  }
  return drawing('topology', { width, height: y }, 'Topology of the cluster', topologyText(topology), parts);
}

function band({ title, main, more }: Band, y: number, className: string): Html[] {
  const split = Math.min(inner * 0.55, Math.max(248, main.length * 7.8 + 36));
  return [
    label(0, y + 24, title, 'term'),
    box(left, y, inner - 1, bandHeight, className),
    label(left + 14, y + 24, main, 'mono strong', split - 24),
    label(left + split, y + 24, more, 'soft', inner - split - 10),
  ];
}

function drawTier(tier: Tier): Drawn {
  const words = [
    label(0, 24, tier.title, 'term'),
    label(0, 42, plural(tier.machines.length, 'host'), 'soft'),
  ];
  const body = tier.machines.length > shownSingly ? field(tier) : cards(tier);
  return { ...body, parts: [...words, ...body.parts] };
}

function cards({ machines }: Tier): Drawn {
  const columns = machines.length <= 7 ? Math.max(3, machines.length) : perRow;
  const cardWidth = (inner - 1 - gap * (columns - 1)) / columns;
  const lines = Math.max(...machines.map(({ runs }) => runs.length));
  const height = 72 + lines * 18;
  const place = (index: number): { x: number; y: number } => ({
    x: left + (index % columns) * (cardWidth + gap),
    y: Math.floor(index / columns) * (height + gap),
  });
  const parts = machines.map((machine, index) => {
    const { x, y } = place(index);
    return card(machine, x, y, cardWidth, height);
  });
  const rows = Math.ceil(machines.length / columns);
  const lastRow = machines.length - (rows - 1) * columns;
  return {
    parts,
    height: rows * (height + gap) - gap,
    centres: Array.from({ length: lastRow }, (_, index) => place(index).x + cardWidth / 2),
  };
}

function card(machine: Machine, x: number, y: number, cardWidth: number, height: number): Html {
  const { name, address, runs, state, says } = machine;
  const room = cardWidth - 26;
  return element(
    'g',
    { transform: `translate(${Math.round(x * 10) / 10} ${y})` },
    element('title', {}, [name, address, says].filter((word) => word !== undefined).join(', ')),
    box(0, 0, cardWidth, height, `card ${state}`),
    element('path', { d: `M0.5 8V${height - 8}`, class: `edge ${state}` }),
    label(14, 23, name, 'mono strong', room),
    label(14, 42, address ?? '', 'mono soft', room),
    runs.map((word, index) => label(14, 61 + index * 18, word, 'soft', room)),
    label(14, height - 11, says, `says ${state}`, room),
  );
}

const cell = 9;
const pitch = 12;

/** Many machines: a dot each, in the order of the inventory, coloured by state. */
function field({ machines }: Tier): Drawn {
  const columns = Math.floor((inner - 28) / pitch);
  const rows = Math.ceil(machines.length / columns);
  const names = machines.map(({ name }) => name);
  const addresses = machines.flatMap(({ address }) => address ?? []);
  const states = [...new Set(machines.map(({ state }) => state))];
  const dots = states.map((state) => {
    const path = machines
      .flatMap((machine, index) =>
        machine.state === state
          ? [
              `M${left + 14 + (index % columns) * pitch} ${58 + Math.floor(index / columns) * pitch}h${cell}v${cell}h-${cell}z`,
            ]
          : [],
      )
      .join('');
    return element('path', { d: path, class: `dot ${state}` });
  });
  const height = 58 + rows * pitch + 10;
  const span = addresses.length === 0 ? '' : `${addresses[0] ?? ''} … ${addresses.at(-1) ?? ''}`;
  return {
    parts: [
      box(left, 0, inner - 1, height, 'card'),
      label(left + 14, 23, hostList(names, names), 'mono strong', inner * 0.45),
      label(left + 14, 41, span, 'mono soft', inner * 0.45),
      label(width - 15, 23, stateSentence(machines), 'soft', inner * 0.5, 'end'),
      label(width - 15, 41, exceptions(machines), 'says failed', inner * 0.5, 'end'),
      ...dots,
    ],
    height,
    centres: [left + inner / 2],
  };
}

/** `496 done, 1 failed` */
function stateSentence(machines: readonly Machine[]): string {
  return (Object.keys(stateWords) as HostState[])
    .flatMap((state) => {
      const count = machines.filter((machine) => machine.state === state).length;
      return count === 0 ? [] : [`${count} ${stateWords[state]}`];
    })
    .join(', ');
}

function exceptions(machines: readonly Machine[]): string {
  const names = machines
    .filter(({ state }) => state === 'failed' || state === 'unread')
    .map(({ name }) => name);
  return names.length > 6 ? `${names.slice(0, 6).join(', ')}, …` : names.join(', ');
}

const ringHeight = 58;

/** The members of etcd on a closed line: all are connected to each other, and a majority must be up. */
function ring({ machines }: Tier, centres: readonly number[], y: number): Html[] {
  const first = centres[0] ?? left;
  const last = centres.at(-1) ?? left;
  const quorum = Math.floor(machines.length / 2) + 1;
  const top = y + 16;
  const path =
    first === last
      ? `M${first} ${y}V${top}`
      : `M${first} ${top}H${last}a13 13 0 0 1 0 26H${first}a13 13 0 0 1 0 -26z`;
  const ties = machines.length === centres.length ? centres : [];
  return [
    label(0, top + 5, 'etcd', 'term'),
    label(0, top + 22, `${plural(machines.length, 'member')},`, 'soft'),
    label(0, top + 38, `${quorum} must be up`, 'soft'),
    element('path', { d: path, class: 'ring' }),
    ...ties.map((x) => element('line', { x1: x, y1: y, x2: x, y2: top, class: 'ring' })),
    ...ties.map((x) => element('circle', { cx: x, cy: top, r: 5, class: 'member' })),
  ];
}
