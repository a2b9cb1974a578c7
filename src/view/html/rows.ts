import { addressesOf, type Cluster } from '../../model/cluster.ts';
import { hostOf, subjectOfGate } from '../../plan/steps.ts';
import { conditionText, targetWords } from '../../plan/target.ts';
import type { Batch, Gate, Phase, Plan, Step } from '../../plan/types.ts';
import { collapseBy, collapseInOrder, isPki, pkiShownSingly } from '../collapse.ts';
import { subjectOf, type PlacedStep } from '../placed.ts';
import { blocksOf, type Block } from './blocks.ts';
import { formsOf, type Forms } from './forms.ts';

/** Replaces in a row the name of each of its hosts. */
export const hostMark = '‹host›';

/** A step or gate, and its host or Node. */
export interface Item {
  readonly item: Step | Gate;
  /** undefined: the whole cluster. */
  readonly subject: string | undefined;
}

/** A row of the page: steps or gates that are alike, on one or many hosts. */
export interface Row {
  readonly id: string;
  readonly verb: Step['verb'] | 'wait';
  /** `file`, `unit`, `object`, `wait` */
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  /** Its hosts or Nodes, in the plan's order; empty: the whole cluster. */
  readonly hosts: readonly string[];
  readonly items: readonly Item[];
  readonly blocks: readonly (Omit<Block, 'text'> & { readonly forms: Forms })[];
  /** Rows that this one combines. */
  readonly parts: readonly Row[];
}

/** The steps of a phase at one location, or its gates. */
export interface Side {
  readonly place: 'hosts' | 'cluster' | 'operator' | 'gates';
  readonly rows: readonly Row[];
  /** Steps that run if one of its tasks fails. */
  readonly rollbacks: readonly Row[];
}

/** One phase of the plan. */
export interface Section {
  readonly phase: Phase;
  readonly sides: readonly Side[];
}

/**
 * The phases of a plan, with one row for steps that are alike: equal ones, as in the text view, and steps that differ
 * only in the name or the address of their own host. Files of the PKI share a row if there are many.
 */
export function sectionsOf(plan: Plan, cluster?: Cluster): readonly Section[] {
  const own = new OwnWords(cluster);
  let next = 1;
  const id = (): string => `s${next++}`;
  const rowsOf = (items: readonly Item[]): Row[] =>
    collapseBy(items, (item) => own.key(item)).map((fold) => rowOf(fold.item, fold.items, own, id()));
  const hostRows = (steps: readonly PlacedStep[]): Row[] =>
    collapseInOrder(steps, (step) => own.key(itemOf(step))).map((fold) =>
      rowOf(itemOf(fold.item), fold.items.map(itemOf), own, id()),
    );
  return plan.phases.map((phase) => ({
    phase,
    sides: piecesOf(phase).map(({ place, steps, gates, rollbacks }) => ({
      place,
      rows:
        place === 'gates'
          ? rowsOf(gates.map((item) => ({ item, subject: subjectOfGate(item) })))
          : place === 'hosts'
            ? withPkiFolded(hostRows(steps), id)
            : rowsOf(steps.map(itemOf)),
      rollbacks: rowsOf(rollbacks.map(itemOf)),
    })),
  }));
}

/** Every row of some phases, in order. */
export function rowsIn(sections: readonly Section[]): readonly Row[] {
  return sections.flatMap(({ sides }) => sides.flatMap(({ rows }) => rows));
}

function itemOf(placed: PlacedStep): Item {
  return { item: placed.step, subject: subjectOf(placed) };
}

interface Piece {
  readonly place: Side['place'];
  readonly steps: PlacedStep[];
  readonly gates: Gate[];
  readonly rollbacks: PlacedStep[];
}

/**
 * The steps of a phase, by location and batch. Batches on hosts are combined: similar steps share rows even if hosts go
 * one after another.
 */
function piecesOf({ batches }: Phase): readonly Piece[] {
  const pieces: Piece[] = [];
  const pieceAt = (place: Piece['place'], { tasks }: Batch): Piece => {
    const onHosts = tasks.some(({ on }) => hostOf(on) !== undefined);
    const open = onHosts ? pieces.find((each) => each.place === place) : pieces.at(-1);
    if (open?.place === place) return open;
    const piece = { place, steps: [], gates: [], rollbacks: [] };
    pieces.push(piece);
    return piece;
  };
  for (const batch of batches) {
    for (const { on, steps, rollback = [] } of batch.tasks) {
      const piece = pieceAt(typeof on === 'string' ? on : 'hosts', batch);
      piece.steps.push(...steps.map((step) => ({ step, on })));
      piece.rollbacks.push(...rollback.map((step) => ({ step, on })));
    }
    if (batch.gates.length > 0) pieceAt('gates', batch).gates.push(...batch.gates);
  }
  return pieces;
}

/** Removes a host's own name and addresses from texts, so that equal steps have equal texts. */
class OwnWords {
  readonly #addresses: ReadonlyMap<string, readonly string[]>;
  readonly #patterns = new Map<string, RegExp>();

  constructor(cluster: Cluster | undefined) {
    this.#addresses = new Map((cluster?.hosts ?? []).map((host) => [host.name, addressesOf(host)]));
  }

  /** Equal for items that share a row. */
  key({ item, subject }: Item): string {
    if (subject === undefined) return item.id;
    const { kind, name, reason } = wordsOf(item);
    return JSON.stringify([
      item.type,
      item.type === 'wait' ? '' : item.verb,
      'operation' in item ? item.operation.kind : '',
      kind,
      this.named(name, subject),
      this.named(reason, subject),
      this.#addressed(this.named(item.type === 'shell' ? (item.diff ?? '') : '', subject), subject),
    ]);
  }

  /** The text with the placeholder for its host's name. */
  named(text: string, host: string): string {
    if (host === '' || !text.includes(host)) return text;
    let pattern = this.#patterns.get(host);
    if (pattern === undefined) {
      pattern = new RegExp(`(?<![A-Za-z0-9])${literal(host)}(?![A-Za-z0-9]|[.-][A-Za-z0-9])`, 'g');
      this.#patterns.set(host, pattern);
    }
    return text.replace(pattern, hostMark);
  }

  #addressed(text: string, host: string): string {
    let result = text;
    for (const address of this.#addresses.get(host) ?? []) result = result.replaceAll(address, '‹address›');
    return result;
  }
}

/** A pattern that matches exactly the text. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A step or gate in words, for its row. */
function wordsOf(item: Step | Gate): {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
} {
  if (item.type === 'wait')
    return {
      kind: 'wait',
      name: conditionText(item.condition),
      reason: `${item.timeoutSeconds} s at most`,
    };
  const { reason } = item;
  if (item.type === 'issue')
    return { kind: 'pki', name: `${item.certificates.length} certificates and keys`, reason };
  return { ...targetWords(item.target), reason };
}

function rowOf({ item }: Item, items: readonly Item[], own: OwnWords, id: string): Row {
  const hosts = [...new Set(items.flatMap(({ subject }) => subject ?? []))];
  const text = (of: string): string => (items.length > 1 ? own.named(of, hosts[0] ?? '') : of);
  const { kind, name, reason } = wordsOf(item);
  const all = items.map((each) => ({ host: each.subject ?? '', blocks: blocksOf(each.item) }));
  const blocks = (all[0]?.blocks ?? []).map(({ kind: blockKind, title }, index) => ({
    kind: blockKind,
    title,
    forms: formsOf(all.map(({ host, blocks: its }) => ({ host, text: its[index]?.text ?? '' }))),
  }));
  const verb = item.type === 'wait' ? 'wait' : item.verb;
  return { id, verb, kind, name: text(name), reason: text(reason), hosts, items, blocks, parts: [] };
}

function withPkiFolded(rows: readonly Row[], id: () => string): readonly Row[] {
  const isFile = (row: Row): boolean => row.items.every(({ item }) => item.type !== 'wait' && isPki(item));
  const parts = rows.filter(isFile);
  if (parts.length <= pkiShownSingly) return rows;
  const verbs = new Set(parts.map(({ verb }) => verb));
  const items = parts.flatMap((part) => part.items);
  const folded: Row = {
    id: id(),
    verb: verbs.size === 1 ? (parts[0]?.verb ?? 'create') : 'update',
    kind: 'file',
    name: `${items.length} certificates, keys and kubeconfigs`,
    reason: 'under /etc/kubernetes, by name and digest',
    hosts: [...new Set(parts.flatMap((part) => part.hosts))],
    items,
    blocks: [],
    parts,
  };
  return rows.flatMap((row) => (row === parts[0] ? [folded] : isFile(row) ? [] : [row]));
}
