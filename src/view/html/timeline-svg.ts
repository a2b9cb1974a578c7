import type { Plan } from '../../plan/types.ts';
import { seconds } from './numbers.ts';
import type { Html } from './html.ts';
import type { Bar, Lane } from './lanes.ts';
import { plannedLanes } from './planned-lanes.ts';
import type { RunRecord } from './record.ts';
import { runLanes, type HostTrack } from './run-lanes.ts';
import { drawing, element, label } from './svg.ts';

const width = 1040;
/** With more phases, the drawing becomes wider and its words smaller, up to this. */
const mostWidth = 1240;
const left = 184;
/** Heights of a lane and of the bars in it. */
interface Size {
  readonly width: number;
  readonly lane: number;
  readonly bar: number;
  readonly gap: number;
}
const planned: Size = { width, lane: 52, bar: 42, gap: 6 };
const run: Size = { width, lane: 36, bar: 26, gap: 1 };
/** Maximum number of lanes that are drawn; a line of text counts the rest. */
const mostLanes = 40;
/** With more hosts than this, each is drawn as one thin line. */
const mostTracks = 24;

/** Width of a character in a bar, in the widest of common fonts. */
const inChar = 7.3;

type Scale = (value: number) => number;

/** The order of a plan: what runs in parallel. */
export function plannedTimeline(plan: Plan): Html {
  const lanes = plannedLanes(plan);
  const shown = lanes.length > mostLanes ? [...lanes.slice(0, mostLanes - 4), ...lanes.slice(-4)] : lanes;
  const widths = positionWidths(lanes.flatMap(({ bars }) => bars));
  const total = sum(widths);
  const size = { ...planned, width: Math.min(mostWidth, Math.max(width, left + total + 1)) };
  const shrink = Math.min(1, (size.width - left - 1) / total);
  const scale: Scale = (position) => left + shrink * sum(widths.slice(0, position));
  const parts = shown.map((lane, index) => drawLane(lane, index * size.lane, scale, size));
  const rest = lanes.length - shown.length;
  const height = shown.length * size.lane + (rest > 0 ? 26 : 0);
  if (rest > 0) parts.push(label(0, height - 8, `and ${rest} more lanes of hosts`, 'soft'));
  const words = lanes.map(
    (lane) =>
      `${lane.title}: ${lane.bars.map(({ text, more = '' }) => `${text} ${more}`).join(', then ') || lane.more}.`,
  );
  return drawing('timeline', { width: size.width, height }, 'What runs in parallel', words.join(' '), parts);
}

/** The widths of the positions: each as wide as its longest word; positions with only gates are narrow. */
function positionWidths(bars: readonly Bar[]): readonly number[] {
  const widths = Array.from({ length: Math.max(1, ...bars.map(({ to }) => to)) }, () => 28);
  for (const { stage, text, more = '', from, to } of bars) {
    const need = stage === 'healthy' ? 28 : Math.max(text.length, more.length) * inChar + 18;
    widths[from] = Math.max(widths[from] ?? 0, need / (to - from));
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** A run in seconds, with a lane per host; many hosts get a thin line each, sorted by their end. */
export function runTimeline(plan: Plan, record: RunRecord, words: string): Html {
  const { operator, tracks, cluster } = runLanes(plan, record);
  const end = Math.max(0.1, record.end / 1000);
  const scale: Scale = (value) => left + (value / end) * (width - left - 128);
  const parts: Html[] = [];
  let y = 26;
  const add = (lane: Lane): void => {
    parts.push(drawLane(lane, y, scale, run));
    y += run.lane;
  };
  operator.forEach(add);
  const single = tracks.length <= mostTracks ? tracks : notable(plan, tracks);
  for (const { name, bars } of single) add({ title: name, more: '', bars });
  const rest = tracks.filter((track) => !single.includes(track));
  if (rest.length > 0) {
    const drawn = strips(rest, y, scale);
    parts.push(...drawn.parts);
    y += drawn.height;
  }
  cluster.forEach(add);
  return drawing('timeline', { width, height: y }, 'What happened, in seconds', words, [
    ...axis(end, scale, y),
    ...parts,
  ]);
}

/** Of many hosts, those that get a lane: the control plane, and hosts that failed. */
function notable(plan: Plan, tracks: readonly HostTrack[]): readonly HostTrack[] {
  const controlPlane = new Set(
    plan.hosts.flatMap(({ name, roles }) => (roles.includes('control-plane') ? [name] : [])),
  );
  const broken = ({ bars }: HostTrack): boolean => bars.some(({ ending }) => ending !== 'done');
  return tracks.filter((track) => controlPlane.has(track.name) || broken(track)).slice(0, mostTracks);
}

function drawLane(lane: Lane, y: number, scale: Scale, size: Size): Html {
  const middle = y + size.lane / 2;
  const last = lane.bars.at(-1);
  return element(
    'g',
    {},
    element('line', { x1: left, y1: middle, x2: size.width, y2: middle, class: 'rail' }),
    label(0, lane.more === '' ? middle + 4 : middle - 2, lane.title, 'mono strong', left - 12),
    lane.more === '' ? undefined : label(0, middle + 14, lane.more, 'soft', left - 12),
    lane.bars.map((bar) => drawBar(bar, middle - size.bar / 2, scale, size)),
    last?.ending === undefined
      ? undefined
      : label(
          scale(last.to) + 8,
          middle + 4,
          `${last.ending === 'failed' ? '✗ ' : ''}${fits(last, scale, size) ? '' : `${last.text} `}${seconds(last.to)}`,
          last.ending === 'done' ? 'soft' : 'says failed',
        ),
  );
}

/** Whether a bar has room for its text. */
function fits(bar: Bar, scale: Scale, { gap }: Size): boolean {
  return scale(bar.to) - scale(bar.from) - gap >= bar.text.length * inChar + 10;
}

function drawBar(bar: Bar, y: number, scale: Scale, size: Size): Html {
  const x = scale(bar.from);
  const wide = Math.max(2, scale(bar.to) - x - size.gap);
  const took =
    bar.ending === undefined
      ? `${bar.text}: ${bar.more ?? ''}`
      : `${bar.text}: ${seconds(bar.to - bar.from)}, ${bar.ending}`;
  return element(
    'g',
    { class: `bar ${bar.stage}${bar.ending === 'failed' || bar.ending === 'cut-off' ? ' broken' : ''}` },
    element('title', {}, took),
    element('rect', { x, y, width: wide, height: size.bar, rx: Math.min(4, wide / 2) }),
    fits(bar, scale, size)
      ? [
          label(x + 7, y + 17, bar.text, 'in'),
          bar.more === undefined ? undefined : label(x + 7, y + 33, bar.more, 'in soft', wide - 4),
        ]
      : undefined,
  );
}

/** A thin line per host, sorted by their end. */
function strips(tracks: readonly HostTrack[], y: number, scale: Scale): { parts: Html[]; height: number } {
  const sorted = [...tracks].sort((a, b) => (a.bars.at(-1)?.to ?? 0) - (b.bars.at(-1)?.to ?? 0));
  const thin = Math.max(1, Math.min(4, 400 / sorted.length));
  const paths = new Map<string, string[]>();
  sorted.forEach(({ bars }, index) => {
    for (const { stage, from, to } of bars) {
      const list = paths.get(stage) ?? [];
      const at = Math.round((y + 8 + (index + 0.5) * thin) * 10) / 10;
      list.push(`M${Math.round(scale(from) * 10) / 10} ${at}H${Math.round(scale(to) * 10) / 10}`);
      paths.set(stage, list);
    }
  });
  const height = sorted.length * thin + 16;
  return {
    parts: [
      label(0, y + 22, `${sorted.length} hosts`, 'mono strong', left - 12),
      label(0, y + 40, 'a line each, sorted', 'soft'),
      label(0, y + 56, 'by their end', 'soft'),
      ...[...paths].map(([stage, list]) =>
        element('path', { d: list.join(''), class: `strip ${stage}`, 'stroke-width': thin }),
      ),
    ],
    height: Math.max(height, 64),
  };
}

/** Ticks with seconds over a drawing. */
export function axis(end: number, scale: Scale, height: number): Html[] {
  const step =
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].find((each) => end / each <= 9) ??
    7200;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return ticks.flatMap((at) => [
    element('line', { x1: scale(at), y1: 20, x2: scale(at), y2: height, class: 'tick' }),
    label(scale(at), 13, at === 0 ? '0 s' : seconds(at), 'soft', Infinity, at === 0 ? undefined : 'middle'),
  ]);
}
